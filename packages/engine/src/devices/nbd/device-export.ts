/**
 * The volume as the kernel's nbd driver is given it: the driver's connection counts as nobody's open; whoever opens the
 * block device does. Once revoked it fails every request, so that a device that outlived its role cannot reach the volume.
 */
import type {
  Durability,
  ExportClient,
  ExportedVolume,
  OpenHandle,
  OpenMode,
  OpenResult,
  RequestDone,
  ZeroSpace,
} from '../../export';
import type { DeviceVolume } from '../device-volume';

export class DeviceExport implements ExportedVolume {
  private revoked = false;

  constructor(
    private readonly volume: DeviceVolume,
    private readonly onUse: (volume: DeviceVolume) => void,
  ) {}

  revoke(): void {
    this.revoked = true;
  }

  get name(): string {
    return this.volume.name;
  }

  get minimumBlockSizeBytes(): number {
    return this.volume.minimumBlockSizeBytes;
  }

  get discardSupported(): boolean {
    return this.volume.discardSupported;
  }

  get clearMaxBytes(): number {
    return this.volume.clearMaxBytes;
  }

  sizeBytes(): number {
    return this.volume.sizeBytes();
  }

  open(_mode: OpenMode, _client: ExportClient, done: (result: OpenResult) => void): void {
    done({ kind: 'opened', handle: {} });
  }

  close(_handle: OpenHandle): void {
    // It was not counted.
  }

  read(offsetBytes: number, into: Uint8Array, done: RequestDone): void {
    if (this.usable(done)) this.volume.read(offsetBytes, into, done);
  }

  write(at: number, pieces: readonly Uint8Array[], sizeBytes: number, durability: Durability, done: RequestDone): void {
    if (this.usable(done)) this.volume.write(at, pieces, sizeBytes, durability, done);
  }

  flush(done: RequestDone): void {
    if (this.usable(done)) this.volume.flush(done);
  }

  trim(offsetBytes: number, lengthBytes: number, durability: Durability, done: RequestDone): void {
    if (this.usable(done)) this.volume.trim(offsetBytes, lengthBytes, durability, done);
  }

  writeZeroes(at: number, lengthBytes: number, space: ZeroSpace, durability: Durability, done: RequestDone): void {
    if (this.usable(done)) this.volume.writeZeroes(at, lengthBytes, space, durability, done);
  }

  private usable(done: RequestDone): boolean {
    if (this.revoked || !this.volume.isPrimary) {
      // Never inside the call.
      setImmediate(done, 'EIO');
      return false;
    }
    this.onUse(this.volume);
    return true;
  }
}
