/**
 * The metadata on an open device: found, read and written.
 *
 * Invariants
 * - Only ranges that `allow` named are ever written; anything else is a bug and throws.
 * - With --dry-run nothing is written; each write is shown instead.
 * - A superblock is written only when it makes sense at its place.
 */
import { resolve } from 'node:path';
import {
  BITMAP_SLOTS_MAX,
  decodeAnySuperblock,
  encodeAnySuperblock,
  findProblem,
  isMetadataError,
  layoutOfSuperblock,
  MD_BLOCK_BYTES,
  MD_DEVICE_BYTES_MIN,
  superblockOffset,
  type AnySuperblock,
  type MetadataFormat,
  type MetadataLayout,
  type Placement,
} from '@tsdrbd/engine/metadata';
import { sectors } from '@tsdrbd/engine/units';
import type { MetaContext } from './context';
import { lastKnownPath, readLastKnown, removeLastKnown, writeLastKnown, type LastKnown } from './device/last-known';
import { OpenError, type DeviceAccess, type MetaDevice } from './device/meta-device';
import { COMMANDS } from './command-line/command-table';
import type { Invocation } from './command-line/invocation';
import { hexDump } from './hex';
import { EXIT, MetaExit } from './meta-exit';
import { ProgressBar } from './progress-bar';
import { superblockSteps, wipingSteps, type BlockStep } from './superblock-steps';

/** Metadata that was found and makes sense. */
export interface FoundMetadata {
  readonly superblock: AnySuperblock;
  readonly layout: MetadataLayout;
}

export type Finding =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'in-place' } & FoundMetadata)
  /** Not where it should be, but where it was before the device changed its size. */
  | ({ readonly kind: 'at-last-known-place'; readonly lastKnown: LastKnown } & FoundMetadata);

interface Range {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

export class MetaArea {
  private readonly allowed: Range[] = [];
  /** What the last-known file must say when the command is through; null: leave it alone. */
  private lastKnownChange:
    { readonly kind: 'write'; readonly deviceUuid: bigint } | { readonly kind: 'remove' } | null = null;
  private dirty = false;

  private constructor(
    private readonly context: MetaContext,
    readonly device: MetaDevice,
  ) {}

  /** As the user wrote it. */
  get path(): string {
    return this.context.invocation.path;
  }

  /** Errors: MetaExit. Source: metadata.md 6.4, 2.3. */
  static async open(context: MetaContext): Promise<MetaArea> {
    const device = await openDevice(context);
    const area = new MetaArea(context, device);
    if (device.sizeBytes < MD_DEVICE_BYTES_MIN) {
      device.close();
      throw new MetaExit(EXIT.badValue, `${area.path} is only ${device.sizeBytes} bytes. That's not enough.`);
    }
    const offset = area.superblockOffset;
    if (offset < 0 || offset > device.sizeBytes - MD_BLOCK_BYTES) {
      device.close();
      throw new MetaExit(
        EXIT.badValue,
        `Device too small: expecting meta data block at\nbyte offset ${offset}, but ${area.path} is only ${device.sizeBytes} bytes.`,
      );
    }
    return area;
  }

  get placement(): Placement {
    return this.context.invocation.placement;
  }

  get format(): MetadataFormat {
    return this.context.invocation.format;
  }

  /** Where the superblock belongs. */
  get superblockOffset(): number {
    return superblockOffset(this.placement, this.device.sizeBytes);
  }

  get isDryRun(): boolean {
    return this.context.invocation.settings.dryRun;
  }

  /** Every read is shown. */
  get isTraced(): boolean {
    return this.context.invocation.settings.verbosity >= TRACE_VERBOSITY;
  }

  get isExternal(): boolean {
    return this.placement !== 'internal' && this.placement !== 'fixed-internal';
  }

  /** Looks in the proper place, then in the last-known one. */
  find(): Finding {
    const inPlace = this.findAt(this.format, this.placement, 'loud');
    if (inPlace !== null) return { kind: 'in-place', ...this.clipped(inPlace) };
    return this.findAtLastKnownPlace() ?? { kind: 'none' };
  }

  /** `quiet` looks for formats nobody asked for. */
  findAt(format: MetadataFormat, placement: Placement, noise: 'loud' | 'quiet'): FoundMetadata | null {
    return this.findForSize(format, placement, this.device.sizeBytes, noise);
  }

  private findForSize(
    format: MetadataFormat,
    placement: Placement,
    deviceSizeBytes: number,
    noise: 'loud' | 'quiet',
  ): FoundMetadata | null {
    const offset = superblockOffset(placement, deviceSizeBytes);
    if (offset < 0 || offset > this.device.sizeBytes - MD_BLOCK_BYTES) return null;
    const bytes = this.read(`${format}_md_disk_to_cpu`, offset, MD_BLOCK_BYTES);
    const decoded = decodeAnySuperblock(format, bytes);
    const complain = (message: string): null => {
      if (noise === 'loud') this.context.err(message);
      return null;
    };
    if (isMetadataError(decoded)) {
      const { verbosity } = this.context.invocation.settings;
      if (decoded.code !== 'no-magic') return complain(decoded.message);
      return verbosity >= 1 ? complain(`${format} Magic number not found`) : null;
    }
    const problem = findProblem(decoded, { placement, deviceSizeBytes });
    if (problem !== null) return complain(problem.message);
    const superblock = withSlotsAtMost31(decoded);
    return { superblock, layout: layoutOfSuperblock(superblock, { placement, superblockOffsetBytes: offset }) };
  }

  private findAtLastKnownPlace(): Finding | null {
    const { minor, settings } = this.context.invocation;
    if (minor === null || this.isExternal || this.format === 'v07') return null;
    const lastKnown = readLastKnown(lastKnownPath(this.context.stateDirectory, minor));
    if (lastKnown === null) return null;
    if (settings.verbosity >= 1) this.context.err(` last known info: ${lastKnown.sizeBytes} ${lastKnown.devicePath}`);
    if (lastKnown.sizeBytes === this.device.sizeBytes) return null;
    if (lastKnown.sizeBytes > Number.MAX_SAFE_INTEGER || lastKnown.sizeBytes < MD_DEVICE_BYTES_MIN) return null;
    const found = this.findForSize(this.format, 'internal', lastKnown.sizeBytes, 'quiet');
    if (found === null || found.superblock.kind === 'v07') return null;
    if (
      lastKnown.deviceUuid !== 0n &&
      found.superblock.deviceUuid !== 0n &&
      lastKnown.deviceUuid !== found.superblock.deviceUuid
    ) {
      this.context.err('Last known and found uuid differ!?');
      if (!settings.force) return null;
    }
    return { kind: 'at-last-known-place', lastKnown, ...found };
  }

  /** An agreed size larger than the device has room for is cut, and said so. Source: metadata.md 1.7. */
  private clipped(found: FoundMetadata): FoundMetadata {
    const { superblock, layout } = found;
    const effectiveSizeSectors = this.clipSize(superblock.effectiveSizeSectors, layout.usableDataSectors);
    return { superblock: { ...superblock, effectiveSizeSectors }, layout };
  }

  clipSize(effectiveSizeSectors: number, usableSectors: number) {
    if (effectiveSizeSectors <= usableSectors) return sectors(effectiveSizeSectors);
    this.context.out(`# la-size-sect was too big (${effectiveSizeSectors}), truncated (${usableSectors})!`);
    return sectors(usableSectors);
  }

  /** From now on these ranges may be written. */
  allow(...ranges: readonly Range[]): void {
    this.allowed.push(...ranges);
  }

  /** Errors: MetaExit 10 for an area that does not lie on the device. */
  allowLayout(layout: MetadataLayout): void {
    const start = Math.min(layout.bitmapOffsetBytes, layout.superblockOffsetBytes);
    const end = Math.max(
      layout.bitmapOffsetBytes + layout.bitmapSizeBytes,
      layout.superblockOffsetBytes + MD_BLOCK_BYTES,
    );
    if (start < 0 || end > this.device.sizeBytes) {
      throw new MetaExit(
        EXIT.badValue,
        `Device too small: the meta data would take the bytes from ${start} to ${end},\n` +
          `but ${this.path} is only ${this.device.sizeBytes} bytes.`,
      );
    }
    this.allow(
      { offsetBytes: layout.superblockOffsetBytes, lengthBytes: MD_BLOCK_BYTES },
      { offsetBytes: layout.alOffsetBytes, lengthBytes: layout.alSizeBytes },
      { offsetBytes: layout.bitmapOffsetBytes, lengthBytes: layout.bitmapSizeBytes },
    );
  }

  read(what: string, offsetBytes: number, lengthBytes: number): Uint8Array {
    const { verbosity } = this.context.invocation.settings;
    if (verbosity >= TRACE_VERBOSITY) this.context.err(traceLine(what, 'pread', lengthBytes, offsetBytes));
    const bytes = this.device.read(offsetBytes, lengthBytes);
    if (verbosity >= DUMP_VERBOSITY && lengthBytes === MD_BLOCK_BYTES && what.endsWith('disk_to_cpu')) {
      this.context.io.stderr.write(hexDump(bytes, offsetBytes));
    }
    return bytes;
  }

  write(what: string, offsetBytes: number, bytes: Uint8Array): void {
    this.checkAllowed(what, offsetBytes, bytes.length);
    if (!this.mayWrite(what, offsetBytes, bytes.length)) return;
    this.device.write(offsetBytes, bytes);
    this.dirty = true;
  }

  writeZeroes(what: string, offsetBytes: number, lengthBytes: number): void {
    this.checkAllowed(what, offsetBytes, lengthBytes);
    if (this.isDryRun) return;
    const progress = this.startProgress(lengthBytes);
    let pieceBytes = ZEROES_PIECE_BYTES;
    for (let done = 0; done < lengthBytes;) {
      const bytes = Math.min(pieceBytes, lengthBytes - done);
      const startedMs = this.context.io.now();
      this.device.writeZeroes(offsetBytes + done, bytes);
      this.dirty = true;
      progress.advance(bytes);
      done += bytes;
      // Where the device can clear ranges, the size of a range hardly matters.
      if (this.context.io.now() - startedMs < QUICK_MS) pieceBytes *= 2;
    }
    progress.end();
  }

  /** For whoever writes so much in pieces. */
  startProgress(totalBytes: number): ProgressBar {
    return new ProgressBar(this.context.io, totalBytes);
  }

  /** What was written is stable before what comes next. */
  flush(): void {
    if (this.dirty) this.device.flush();
  }

  /**
   * Writes the superblock to its place. Returns whether it did: one that makes no sense there is refused, with a
   * message.
   */
  writeSuperblock(superblock: AnySuperblock): 'written' | 'refused' {
    if (!this.makesSense(superblock, 'loud')) return 'refused';
    this.writeInPlace(`${superblock.kind}_md_cpu_to_disk`, superblock);
    this.rememberPlace(superblock);
    return 'written';
  }

  /** `loud` says why not. */
  makesSense(superblock: AnySuperblock, noise: 'loud' | 'quiet' = 'quiet'): boolean {
    const problem = findProblem(superblock, { placement: this.placement, deviceSizeBytes: this.device.sizeBytes });
    if (problem !== null && noise === 'loud') this.context.err(problem.message);
    return problem === null;
  }

  /** Without looking whether it makes sense, and without changing what is remembered of the place. */
  writeInPlace(what: string, superblock: AnySuperblock): void {
    const offsetBytes = this.superblockOffset;
    this.allow({ offsetBytes, lengthBytes: MD_BLOCK_BYTES });
    if (this.isDryRun) return this.write(what, offsetBytes, encodeAnySuperblock(superblock));
    const present = this.device.read(offsetBytes, MD_BLOCK_BYTES);
    this.writeSteps(what, offsetBytes, superblockSteps(present, superblock));
  }

  /** Whatever superblock is there. */
  wipeSuperblock(what: string, offsetBytes: number): void {
    this.allow({ offsetBytes, lengthBytes: MD_BLOCK_BYTES });
    if (this.isDryRun) return this.write(what, offsetBytes, new Uint8Array(MD_BLOCK_BYTES));
    this.writeSteps(what, offsetBytes, wipingSteps());
  }

  private writeSteps(what: string, blockOffsetBytes: number, steps: readonly BlockStep[]): void {
    for (const [number, { offsetBytes, bytes }] of steps.entries()) {
      if (number > 0) this.flush();
      this.write(what, blockOffsetBytes + offsetBytes, bytes);
    }
  }

  /** The last-known file will name the present size of the device. */
  rememberPlace(superblock: AnySuperblock): void {
    if (this.isExternal) this.lastKnownChange = { kind: 'remove' };
    else if (superblock.kind !== 'v07') {
      this.lastKnownChange = { kind: 'write', deviceUuid: superblock.deviceUuid };
    }
  }

  forgetPlace(): void {
    this.lastKnownChange = { kind: 'remove' };
  }

  /** Makes everything stable: the last-known file first, then the device. */
  close(): void {
    try {
      const { minor, settings } = this.context.invocation;
      if (minor !== null && this.lastKnownChange !== null && !settings.dryRun) this.updateLastKnown(minor);
      if (this.dirty) this.device.flush();
    } finally {
      this.device.close();
    }
  }

  private updateLastKnown(minor: number): void {
    const { stateDirectory } = this.context;
    if (this.lastKnownChange?.kind !== 'write') return removeLastKnown(stateDirectory, minor);
    const { deviceUuid } = this.lastKnownChange;
    const { sizeBytes } = this.device;
    const problem = writeLastKnown(stateDirectory, minor, { sizeBytes, devicePath: this.path, deviceUuid });
    if (problem !== null && this.context.invocation.settings.verbosity >= 1) this.context.err(problem);
  }

  private mayWrite(what: string, offsetBytes: number, lengthBytes: number): boolean {
    if (!this.context.invocation.settings.dryRun) return true;
    this.context.err(`${traceLine(what, 'pwrite', lengthBytes, offsetBytes)} SKIPPED DUE TO DRY-RUN`);
    return false;
  }

  private checkAllowed(what: string, offsetBytes: number, lengthBytes: number): void {
    const inside = this.allowed.some(
      (range) => offsetBytes >= range.offsetBytes && offsetBytes + lengthBytes <= range.offsetBytes + range.lengthBytes,
    );
    if (!inside) throw new Error(`${what}: ${lengthBytes} bytes at ${offsetBytes} are outside the metadata`);
  }
}

/** As drbdmeta takes it (metadata.md 1.7); it has no room for the bits of more. */
function withSlotsAtMost31(superblock: AnySuperblock): AnySuperblock {
  if (superblock.kind !== 'v09' || superblock.bmMaxPeers <= BITMAP_SLOTS_MAX) return superblock;
  return { ...superblock, bmMaxPeers: BITMAP_SLOTS_MAX };
}

/** Zeroes written without a sign of progress, at first. */
const ZEROES_PIECE_BYTES = 64 * 1024 * 1024;
const QUICK_MS = 100;

const TRACE_VERBOSITY = 2;
const DUMP_VERBOSITY = 3;

/** Source: transcripts dry-run and apply-al-stripes. The file descriptor of the original is always 4. */
function traceLine(what: string, call: 'pread' | 'pwrite', lengthBytes: number, offsetBytes: number): string {
  return ` ${what.padEnd(26)}: ${call}(4, ...,${String(lengthBytes).padStart(6)}, ${String(offsetBytes).padStart(11)})`;
}

async function openDevice(context: MetaContext): Promise<MetaDevice> {
  const { path, command, settings } = context.invocation;
  const force = settings.force || command === 'dump-superblock' || command === 'hexdump-superblock';
  const device = await openAtPath(context, accessFor(context.invocation));
  if (device.kind === 'file' && context.system.regularFiles === 'refused-unless-forced') {
    if (!force) {
      device.close();
      throw new MetaExit(EXIT.usage, `'${path}' is not a block device!`);
    }
    context.err('ioctl(md_fd, BLKSSZGET) returned -1, assuming hard_sect_size is 512 Byte');
  } else if (settings.verbosity >= TRACE_VERBOSITY) {
    context.err('hard_sect_size is 512 Byte');
  }
  return device;
}

/** Several minors may keep their metadata on one device, by index: none of them can be alone on it. */
function accessFor({ command, placement, settings }: Invocation): DeviceAccess {
  if (COMMANDS[command].access === 'reads') return 'shared';
  if (typeof placement === 'object') return 'slot';
  return settings.force ? 'locked' : 'exclusive';
}

async function openAtPath(context: MetaContext, access: DeviceAccess): Promise<MetaDevice> {
  const { path, command } = context.invocation;
  const fullPath = resolve(context.io.cwd, path);
  try {
    return context.system.open(fullPath, access);
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    context.err(`open(${path}) failed: ${error.message}`);
    // What an engine uses is not ours to change, whatever the user answers (metadata.md T15).
    if (error.code === 'ELOCKED') {
      throw new MetaExit(
        EXIT.usage,
        'A running engine or another program uses it: detach it, or take its resource down, first.',
      );
    }
    if (error.code !== 'EBUSY') throw new MetaExit(EXIT.usage);
  }
  // apply-al runs before each attach, unattended: nobody is there to answer.
  if (command !== 'apply-al' && (await context.ask('Exclusive open failed. Do it anyways?')) === 'yes') {
    return openAtPath(context, 'locked');
  }
  context.out('Operation canceled.');
  throw new MetaExit(EXIT.usage);
}
