/** A disk whose metadata can be read but not written is not attached, and the command ends. */
import { LocalDisk, attach, type BlockDevice } from '../../src/core';
import { createMetadata } from '../../src/metadata';
import { SimDisk } from '../../src/sim/disk';
import { Disk } from '../../src/wire';
import { Pair } from './pair';

const ERR_IO_MD_DISK = 118;

/** Writes fail, and flushes when they are made to. */
function failing(device: BlockDevice, what: 'writes' | 'flushes', clock: Pair['clock']): BlockDevice {
  const fail = (done: (error: { code: string; message: string }) => void): void => {
    clock.schedule(1, () => done({ code: 'EIO', message: 'a broken disk' }));
  };
  return {
    ...device,
    ...(what === 'writes'
      ? { write: (_offset, _pieces, done) => fail(done) }
      : { flush: (done: Parameters<BlockDevice['flush']>[0]) => fail(done) }),
  };
}

test.each(['writes', 'flushes'] as const)('%s of the metadata fail', (what) => {
  const pair = new Pair();
  const { alice, clock, random } = pair;
  const data = new SimDisk('data', 1024 * 1024, clock, random);
  const meta = new SimDisk('meta', 1024 * 1024, clock, random);
  const { writes } = createMetadata({ deviceSizeBytes: meta.sizeBytes, placement: 'flex-external', maxPeers: 1 });
  for (const write of writes) {
    meta.poke(write.offsetBytes, write.kind === 'bytes' ? write.bytes : new Uint8Array(write.lengthBytes));
  }
  let code = 0;
  const options = { placement: 'flex-external', sizeSectors: 0, mdFlushes: true } as const;
  LocalDisk.open({ data: data.open(), meta: failing(meta.open(), what, clock), ...options }, (disk) => {
    if (!(disk instanceof LocalDisk)) throw new Error(JSON.stringify(disk));
    attach(alice.device, disk, (result) => (code = result));
  });
  pair.run(5000, () => code !== 0);
  expect(code).toBe(ERR_IO_MD_DISK);
  expect(alice.device.diskState).toBe(Disk.Diskless);
});
