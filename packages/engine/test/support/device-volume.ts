/** A backing device as exported volume, without replication: for tests and benchmarks of the exporters alone. */
import type { Errno, ExportedVolume, OpenResult, RequestDone } from '../../src/export';
import type { BackingDevice, Completion, StorageError } from '../../src/storage';

export interface DeviceVolumeOptions {
  readonly name: string;
  /** What `open` answers; default: opened. */
  readonly refusal?: Extract<OpenResult, { kind: 'refused' }>;
}

export interface DeviceVolume extends ExportedVolume {
  readonly openCount: number;
}

export function createDeviceVolume(options: DeviceVolumeOptions, device: BackingDevice): DeviceVolume {
  let openCount = 0;
  const { allocation } = device;
  return {
    name: options.name,
    get openCount() {
      return openCount;
    },
    sizeBytes: () => device.sizeBytes,
    minimumBlockSizeBytes: device.logicalBlockSizeBytes,
    discardSupported: device.discardSupported,
    clearMaxBytes: 128 * 1024 * 1024,
    open(_mode, _client, done) {
      setImmediate(() => {
        if (options.refusal !== undefined) return done(options.refusal);
        openCount += 1;
        done({ kind: 'opened', handle: {} });
      });
    },
    close() {
      openCount -= 1;
    },
    read: (offsetBytes, into, done) => device.read(offsetBytes, into, answer(done)),
    write(offsetBytes, pieces, _sizeBytes, durability, done) {
      device.write(offsetBytes, pieces, durability === 'stable' ? flushed(device, done) : answer(done));
    },
    flush: (done) => device.flush(answer(done)),
    trim: (offsetBytes, lengthBytes, durability, done) =>
      device.discard(offsetBytes, lengthBytes, durability === 'stable' ? flushed(device, done) : answer(done)),
    writeZeroes(offsetBytes, lengthBytes, space, durability, done) {
      const after = durability === 'stable' ? flushed(device, done) : answer(done);
      if (space === 'allocated') device.writeZeroes(offsetBytes, lengthBytes, after);
      else device.discard(offsetBytes, lengthBytes, after);
    },
    ...(allocation && {
      allocation: (offsetBytes, lengthBytes, done) =>
        allocation.call(device, offsetBytes, lengthBytes, (error, extents) =>
          done(error === null ? extents : errnoOf(error)),
        ),
    }),
  };
}

const answer =
  (done: RequestDone): Completion =>
  (error) =>
    done(error === null ? null : errnoOf(error));

const flushed = (device: BackingDevice, done: RequestDone): Completion => {
  const after = answer(done);
  return (error) => (error === null ? device.flush(after) : after(error));
};

const KNOWN: readonly Errno[] = ['EPERM', 'ENOMEM', 'EINVAL', 'ENOSPC', 'EROFS'];
const errnoOf = (error: StorageError): Errno => KNOWN.find((errno) => errno === error.code) ?? 'EIO';
