/** A volume for tests of what shows it to the kernel: its content is in memory, its role is a field. */
import type { OpenResult, RequestDone } from '../export';
import type { DeviceVolume } from './device-volume';

export interface TestVolume extends DeviceVolume {
  isPrimary: boolean;
  backingPath: string | null;
  readonly content: Uint8Array;
  size: number;
  openCount: number;
  /** What reached it, in order: `write 0+512`. */
  readonly requests: string[];
  /** The next open is refused. */
  refuses: boolean;
}

export function testVolume(options: { readonly minor: number; readonly sizeBytes?: number }): TestVolume {
  const content = new Uint8Array(Math.min(options.sizeBytes ?? 65536, 1024 * 1024));
  const requests: string[] = [];
  const later = (done: RequestDone): void => void setImmediate(done, null);
  const volume: TestVolume = {
    name: 'r0/0',
    minor: options.minor,
    resourceName: 'r0',
    volumeNumber: 0,
    isPrimary: true,
    backingPath: null,
    content,
    size: options.sizeBytes ?? content.length,
    openCount: 0,
    requests,
    refuses: false,
    minimumBlockSizeBytes: 512,
    discardSupported: true,
    clearMaxBytes: 16 * 1024,
    sizeBytes: () => volume.size,
    open(mode, _client, done) {
      const result: OpenResult = volume.refuses
        ? { kind: 'refused', errno: 'EROFS', message: 'Secondary' }
        : { kind: 'opened', handle: { mode } };
      if (result.kind === 'opened') volume.openCount += 1;
      done(result);
    },
    close() {
      volume.openCount -= 1;
    },
    read(at, into, done) {
      requests.push(`read ${at}+${into.length}`);
      into.set(content.subarray(at, at + into.length));
      later(done);
    },
    write(at, pieces, sizeBytes, _durability, done) {
      requests.push(`write ${at}+${sizeBytes}`);
      let to = at;
      for (const piece of pieces) {
        content.set(piece, to);
        to += piece.length;
      }
      later(done);
    },
    flush(done) {
      requests.push('flush');
      later(done);
    },
    trim(at, lengthBytes, _durability, done) {
      requests.push(`trim ${at}+${lengthBytes}`);
      later(done);
    },
    writeZeroes(at, lengthBytes, space, _durability, done) {
      requests.push(`zeroes ${at}+${lengthBytes} ${space}`);
      content.fill(0, at, at + lengthBytes);
      later(done);
    },
  };
  return volume;
}
