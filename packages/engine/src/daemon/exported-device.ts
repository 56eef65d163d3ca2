/** A replicated volume as an exporter sees it: open counts as DRBD's; a Secondary is promoted by an open, or refuses it. */
import { isSuccess, replyText } from '../control';
import type { Device } from '../core';
import type { Durability, ExportClient, OpenHandle, OpenMode, OpenResult, RequestDone, ZeroSpace } from '../export';
import { Role } from '../wire';
import type { DeviceVolume } from '../devices';
import type { AutoPromotion } from './auto-promotion';

/** Stays far below the 64 activity-log extents that one transaction can add. */
const CLEAR_MAX_BYTES = 64 * 1024 * 1024;

export class ExportedDevice implements DeviceVolume {
  readonly minor: number;
  readonly volumeNumber: number;
  readonly minimumBlockSizeBytes = 512;
  readonly clearMaxBytes = CLEAR_MAX_BYTES;

  constructor(
    private readonly device: Device,
    private readonly autoPromotion: AutoPromotion,
  ) {
    this.minor = device.minor;
    this.volumeNumber = device.volume;
  }

  get name(): string {
    return `${this.resourceName}/${this.volumeNumber}`;
  }

  get resourceName(): string {
    return this.device.resource.name;
  }

  get isPrimary(): boolean {
    const { resource } = this.device;
    return resource.role === Role.Primary && !resource.demoting;
  }

  get backingPath(): string | null {
    return this.device.backing?.dataDevice ?? null;
  }

  /** A diskless node passes it on to its peer. */
  get discardSupported(): boolean {
    return this.device.disk?.data.discardSupported ?? true;
  }

  sizeBytes(): number {
    return this.device.sizeSectors * 512;
  }

  open(mode: OpenMode, _client: ExportClient, done: (result: OpenResult) => void): void {
    const { resource } = this.device;
    if (this.device.sizeSectors === 0) {
      return done({
        kind: 'refused',
        errno: 'ESHUTDOWN',
        message: `${this.name} has no size yet: attach a disk, or connect`,
      });
    }
    if (this.isPrimary) return done(this.opened(mode));
    if (mode === 'read-only' || !this.autoPromotion.applies) {
      const promote = `tsdrbdadm primary ${resource.name}`;
      return done({
        kind: 'refused',
        errno: 'EROFS',
        message: `${this.name} is Secondary on this node; promote it first: ${promote}`,
      });
    }
    this.autoPromotion.promote((code) => {
      if (isSuccess(code)) return done(this.opened(mode));
      const why = replyText(code) ?? 'unknown error';
      const message = `${this.name} is Secondary on this node, and auto-promote failed: (${code}) ${why}`;
      resource.log('info', this.device.subject, message);
      done({ kind: 'refused', errno: 'EROFS', message });
    });
  }

  private opened(mode: OpenMode): OpenResult {
    if (mode === 'read-write') this.device.writeOpeners++;
    else this.device.readOpeners++;
    this.device.resource.changed();
    return { kind: 'opened', handle: { mode } };
  }

  close(handle: OpenHandle): void {
    if ('mode' in handle && handle.mode === 'read-write') this.device.writeOpeners--;
    else this.device.readOpeners--;
    this.device.resource.closed();
    this.autoPromotion.closed();
  }

  read(offsetBytes: number, into: Uint8Array, done: RequestDone): void {
    this.device.reads.submit(offsetBytes / 512, into, done);
  }

  write(
    offsetBytes: number,
    pieces: readonly Uint8Array[],
    sizeBytes: number,
    durability: Durability,
    done: RequestDone,
  ): void {
    this.device.writes.submit('write', offsetBytes / 512, pieces, sizeBytes, this.whenDurable(durability, done));
  }

  flush(done: RequestDone): void {
    this.device.flush(done);
  }

  trim(offsetBytes: number, lengthBytes: number, durability: Durability, done: RequestDone): void {
    this.device.writes.submit('trim', offsetBytes / 512, [], lengthBytes, this.whenDurable(durability, done));
  }

  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    _space: ZeroSpace,
    durability: Durability,
    done: RequestDone,
  ): void {
    this.device.writes.submit('zeroes', offsetBytes / 512, [], lengthBytes, this.whenDurable(durability, done));
  }

  private whenDurable(durability: Durability, done: RequestDone): RequestDone {
    if (durability === 'volatile') return done;
    return (error) => (error === null ? this.device.flush(done) : done(error));
  }
}
