/** The superblock's bytes, whatever they hold. Source: metadata.md 9.8. */
import { MD_BLOCK_BYTES, superblockOffset } from '@tsdrbd/engine/metadata';
import type { OutputFormat } from '../command-line/invocation';
import type { MetaContext } from '../context';
import { hexDump } from '../hex';
import type { Finding, MetaArea } from '../meta-area';
import { EXIT } from '../meta-exit';
import { superblockJson } from '../superblock-json';
import { withArea, type Command } from './command';

export const dumpSuperblock: Command = (context) => dumpAs(context, formatFor(context));
export const hexdumpSuperblock: Command = (context) => dumpAs(context, 'hex');

type Format = Exclude<OutputFormat, 'auto'>;

function formatFor({ invocation, io }: MetaContext): Format {
  const { outputFormat } = invocation.settings;
  return outputFormat !== 'auto' ? outputFormat : io.stdout.isTTY === true ? 'hex' : 'bin';
}

function dumpAs(context: MetaContext, format: Format): Promise<number> {
  return withArea(context, async (area) => {
    const finding = area.find();
    const offset =
      finding.kind === 'at-last-known-place'
        ? superblockOffset(area.placement, finding.lastKnown.sizeBytes)
        : area.superblockOffset;
    const bytes = area.device.read(offset, MD_BLOCK_BYTES);
    switch (format) {
      case 'hex':
        context.io.stdout.write(hexDump(bytes, offset));
        break;
      case 'bin':
        writeBytes(context, bytes);
        break;
      case 'json':
        if (area.format === 'v07') return EXIT.noJsonForFormat;
        context.io.stdout.write(jsonOf(context, area, finding, { bytes, offset, format: area.format }));
    }
    return exitCodeOf(finding);
  });
}

function exitCodeOf(finding: Finding): number {
  switch (finding.kind) {
    case 'in-place':
      return EXIT.ok;
    case 'at-last-known-place':
      return EXIT.superblockAtLastKnownPlace;
    case 'none':
      return EXIT.superblockNotValid;
  }
}

function jsonOf(
  { io, system }: MetaContext,
  area: MetaArea,
  finding: Finding,
  block: { readonly bytes: Uint8Array; readonly offset: number; readonly format: 'v08' | 'v09' },
): string {
  const valid = {
    'in-place': 'VALID_MD_FOUND',
    'at-last-known-place': 'VALID_MD_FOUND_AT_LAST_KNOWN_LOCATION',
    none: 'NO_VALID_MD_FOUND',
  }[finding.kind];
  return superblockJson(block.format, block.bytes, {
    dump_time_utc: new Date(io.now()).toISOString().replace('T', ' ').slice(0, 19),
    dump_host: system.hostName,
    md_device_name: area.path,
    dump_offset: block.offset,
    bd_size: area.device.sizeBytes,
    dumped_as: block.format,
    valid,
  });
}

/** `CliOutput` takes text; a stream takes bytes too, and a test joins Latin-1. */
function writeBytes({ io }: MetaContext, bytes: Uint8Array): void {
  const out: { write(chunk: string | Uint8Array): unknown } = io.stdout as never;
  out.write(Buffer.from(bytes));
}
