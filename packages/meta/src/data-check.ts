/**
 * Is there something on the device that new metadata would destroy? Looks at the first 68 KiB.
 * Source: metadata.md 7.2.
 */
import { MD_DEVICE_BYTES_MIN, type MetadataLayout } from '@tsdrbd/engine/metadata';
import type { MetaContext } from './context';
import type { MetaArea } from './meta-area';
import { EXIT, MetaExit } from './meta-exit';

export type DataFound =
  | { readonly kind: 'nothing' }
  /** Recognised; `usedKiB` is null where the size is not known. */
  | { readonly kind: 'recognised'; readonly what: string; readonly usedKiB: number | null }
  | { readonly kind: 'some-data' };

/** Goes on, asks, or refuses. Errors: MetaExit 40 (would destroy data), 1 (the user declined). */
export async function checkForData(context: MetaContext, area: MetaArea, layout: MetadataLayout): Promise<void> {
  const found = identifyData(area.device.read(0, MD_DEVICE_BYTES_MIN));
  if (found.kind === 'nothing') return;
  const { settings } = context.invocation;
  const lines = (...texts: readonly string[]): void => texts.forEach((text) => context.out(text));

  lines(
    `md_offset ${layout.superblockOffsetBytes}`,
    `al_offset ${layout.alOffsetBytes}`,
    `bm_offset ${layout.bitmapOffsetBytes}`,
    '',
    `Found ${found.kind === 'some-data' ? 'some data' : found.what}`,
  );
  if (found.kind === 'some-data') {
    lines('', ' ==> This might destroy existing data! <==');
    return proceedIfWanted(context);
  }
  if (area.isExternal) {
    lines('', 'This would corrupt existing data.');
    return refuseUnlessIgnored(context, settings.ignoreSanityChecks);
  }
  const leftKiB = Math.floor(layout.usableDataSectors / 2);
  if (found.usedKiB === null) {
    lines(`${kiB(leftKiB)} left usable by current configuration`);
    if (found.what.startsWith('LVM2')) lines('Could not determine the size of the actually used data area.', '');
    lines(...TRUNCATED);
    return refuseUnlessIgnored(context, settings.ignoreSanityChecks);
  }
  lines(`${kiB(found.usedKiB)} data area apparently used`, `${kiB(leftKiB)} left usable by current configuration`, '');
  if (found.usedKiB > leftKiB) {
    // No option overrides this one: the file system would lose its end (metadata.md T15).
    lines(
      ...TRUNCATED,
      'You need to either',
      '   * use external meta data (recommended)',
      '   * shrink that filesystem first',
      '   * zero out the device (destroy the filesystem)',
      'Operation refused.',
      '',
    );
    throw new MetaExit(EXIT.wouldDestroyData);
  }
  lines(
    'Even though it looks like this would place the new meta data into',
    'unused space, you still need to confirm, as this is only a guess.',
  );
  return proceedIfWanted(context);
}

const TRUNCATED = [
  'Device size would be truncated, which',
  'would corrupt data and result in',
  "'access beyond end of device' errors.",
];

const kiB = (value: number): string => `${String(value).padStart(12)} kB`;

async function proceedIfWanted(context: MetaContext): Promise<void> {
  if ((await context.ask('Do you want to proceed?')) === 'yes') return;
  context.out('Operation canceled.');
  throw new MetaExit(EXIT.declined);
}

function refuseUnlessIgnored(context: MetaContext, ignored: boolean): void {
  if (ignored) {
    for (const line of ['', 'Ignoring sanity check on user request.', '']) context.out(line);
    return;
  }
  for (const line of [
    'If you want me to do this, you need to zero out the first part',
    'of the device (destroy the content).',
    'You should be very sure that you mean it.',
    'Operation refused.',
    '',
  ]) {
    context.out(line);
  }
  throw new MetaExit(EXIT.wouldDestroyData);
}

/** `start`: the first 68 KiB of the device. */
export function identifyData(start: Uint8Array): DataFound {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  const text = (offset: number, length: number): string => bytes.toString('latin1', offset, offset + length);
  const recognised = (what: string, usedBytes: number | null): DataFound => ({
    kind: 'recognised',
    what,
    usedKiB: usedBytes === null ? null : Math.ceil(usedBytes / 1024),
  });

  for (const at of [4086, 8182]) {
    if (['SWAP-SPACE', 'SWAPSPACE2'].includes(text(at, 10))) return recognised('swap space signature', null);
  }
  if (text(0x218, 4) === 'LVM2') return recognised('LVM2 physical volume signature', null);
  if (bytes.readUInt16LE(0x438) === 0xef53) {
    const logBlockSize = bytes.readUInt32LE(0x418);
    const blockBytes = logBlockSize <= 2 ? 1024 << logBlockSize : 4096;
    const name = ((bytes[0x45c] ?? 0) & 4) === 0 ? 'ext2' : 'ext3';
    return recognised(`${name} filesystem`, bytes.readUInt32LE(0x404) * blockBytes);
  }
  if (bytes.readUInt32BE(0) === 0x58465342) {
    return recognised('xfs filesystem', Number(bytes.readBigUInt64BE(8)) * bytes.readUInt32BE(4));
  }
  if (text(0x8000, 4) === 'JFS1') {
    return recognised('JFS filesystem', Number(bytes.readBigUInt64LE(0x8008)) * bytes.readUInt32LE(0x8018));
  }
  if (text(0x10034, 8) === 'ReIsErFs' || text(0x10034, 9) === 'ReIsEr2Fs') {
    return recognised('reiser filesystem', bytes.readUInt32LE(0x10000) * bytes.readUInt16LE(0x1002c));
  }
  return bytes.equals(Buffer.alloc(bytes.length)) ? { kind: 'nothing' } : { kind: 'some-data' };
}
