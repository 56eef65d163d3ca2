/** A replicated volume as an exporter sees it: open counts as DRBD's, requests cut to what the wire carries. */
import type { Device } from '../core';
import type {
  Durability,
  Errno,
  ExportClient,
  ExportedVolume,
  OpenHandle,
  OpenMode,
  OpenResult,
  RequestDone,
  ZeroSpace,
} from '../export';

/** Largest payload of one P_DATA, and largest range of one P_TRIM that stays within the activity log's transaction. */
const MAX_DATA_BYTES = 1024 * 1024;
const MAX_TRIM_BYTES = 64 * 1024 * 1024;
const PRIMARY = 1;

export class ExportedDevice implements ExportedVolume {
  readonly name: string;
  readonly minimumBlockSizeBytes = 512;
  readonly clearMaxBytes = MAX_TRIM_BYTES;

  constructor(private readonly device: Device) {
    this.name = `${device.resource.name}/${device.volume}`;
  }

  get discardSupported(): boolean {
    return this.device.disk?.data.discardSupported ?? true;
  }

  sizeBytes(): number {
    return this.device.sizeSectors * 512;
  }

  open(mode: OpenMode, _client: ExportClient, done: (result: OpenResult) => void): void {
    const { resource } = this.device;
    const opened = (): void => {
      const handle = { mode };
      if (mode === 'read-write') this.device.writeOpeners++;
      else this.device.readOpeners++;
      resource.changed();
      done({ kind: 'opened', handle });
    };
    if (this.device.sizeSectors === 0) {
      return done({
        kind: 'refused',
        errno: 'ESHUTDOWN',
        message: `${this.name} has no size yet: attach a disk, or connect`,
      });
    }
    if (resource.role === PRIMARY) return opened();
    if (mode === 'read-only' || !resource.options.autoPromote) return done(refusedOnSecondary(this.name));
    resource.primary('plain', (code) => {
      if (code < 1) return done(refusedOnSecondary(this.name));
      resource.autoPromoted = true;
      opened();
    });
  }

  close(handle: OpenHandle): void {
    const { resource } = this.device;
    if ('mode' in handle && handle.mode === 'read-write') this.device.writeOpeners--;
    else this.device.readOpeners--;
    resource.changed();
    const stillOpen = [...resource.devices.values()].some((device) => device.writeOpeners > 0);
    if (stillOpen || !resource.autoPromoted) return;
    resource.autoPromoted = false;
    resource.secondary('plain', () => undefined);
  }

  read(offsetBytes: number, into: Uint8Array, done: RequestDone): void {
    this.inParts(offsetBytes, into.length, MAX_DATA_BYTES, done, (offset, length, next) =>
      this.device.reads.submit(offset / 512, into.subarray(offset - offsetBytes, offset - offsetBytes + length), next),
    );
  }

  write(
    offsetBytes: number,
    pieces: readonly Uint8Array[],
    sizeBytes: number,
    durability: Durability,
    done: RequestDone,
  ): void {
    const finish = this.finisher(durability, done);
    if (sizeBytes <= MAX_DATA_BYTES)
      return this.device.writes.submit('write', offsetBytes / 512, pieces, sizeBytes, finish);
    const cutter = new PieceCutter(pieces);
    this.inParts(offsetBytes, sizeBytes, MAX_DATA_BYTES, finish, (offset, length, next) =>
      this.device.writes.submit('write', offset / 512, cutter.take(length), length, next),
    );
  }

  flush(done: RequestDone): void {
    this.device.flush(done);
  }

  trim(offsetBytes: number, lengthBytes: number, durability: Durability, done: RequestDone): void {
    this.inParts(offsetBytes, lengthBytes, MAX_TRIM_BYTES, this.finisher(durability, done), (offset, length, next) =>
      this.device.writes.submit('trim', offset / 512, [], length, next),
    );
  }

  writeZeroes(
    offsetBytes: number,
    lengthBytes: number,
    _space: ZeroSpace,
    durability: Durability,
    done: RequestDone,
  ): void {
    this.inParts(offsetBytes, lengthBytes, MAX_TRIM_BYTES, this.finisher(durability, done), (offset, length, next) =>
      this.device.writes.submit('zeroes', offset / 512, [], length, next),
    );
  }

  private finisher(durability: Durability, done: RequestDone): RequestDone {
    if (durability === 'volatile') return done;
    return (error) => (error === null ? this.device.flush(done) : done(error));
  }

  /** Starts all parts; done when the last one is, with the first error. */
  private inParts(
    offsetBytes: number,
    lengthBytes: number,
    partBytes: number,
    done: RequestDone,
    start: (offset: number, length: number, next: RequestDone) => void,
  ): void {
    if (lengthBytes <= partBytes) return start(offsetBytes, lengthBytes, done);
    let pending = Math.ceil(lengthBytes / partBytes);
    let failure: Errno | null = null;
    const next: RequestDone = (error) => {
      failure ??= error;
      if (--pending === 0) done(failure);
    };
    for (let at = 0; at < lengthBytes; at += partBytes) {
      start(offsetBytes + at, Math.min(partBytes, lengthBytes - at), next);
    }
  }
}

const refusedOnSecondary = (name: string): OpenResult => ({
  kind: 'refused',
  errno: 'EROFS',
  message: `${name} is Secondary here: promote it first (tsdrbdadm primary ${name.split('/')[0] ?? name})`,
});

/** Takes runs of bytes off the front of a list of pieces, without copying. */
class PieceCutter {
  private index = 0;
  private offset = 0;

  constructor(private readonly pieces: readonly Uint8Array[]) {}

  take(lengthBytes: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (let left = lengthBytes; left > 0;) {
      const piece = this.pieces[this.index];
      if (piece === undefined) throw new Error(`${left} bytes are missing`);
      const part = piece.subarray(this.offset, this.offset + left);
      taken.push(part);
      left -= part.length;
      this.offset += part.length;
      if (this.offset === piece.length) {
        this.index++;
        this.offset = 0;
      }
    }
    return taken;
  }
}
