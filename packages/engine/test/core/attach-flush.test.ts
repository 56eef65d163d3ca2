/**
 * A killed Primary leaves writes in the page cache, acknowledged and forgotten by its peer. With metadata on a device of
 * its own no flush of the metadata reaches them: attaching does.
 */
import { LocalDisk, attach, detach } from '../../src/core';
import {
  MD_BLOCK_BYTES,
  MdFlag,
  createMetadata,
  decodeSuperblock,
  encodeSuperblock,
  isMetadataError,
  withFlags,
} from '../../src/metadata';
import { SimDisk } from '../../src/sim/disk';
import { Pair } from './pair';

test('attach makes what is in the page cache of the data device stable, with external metadata too', () => {
  const pair = new Pair();
  const { alice, clock, random } = pair;
  const data = new SimDisk('data', 1024 * 1024, clock, random);
  const meta = new SimDisk('meta', 1024 * 1024, clock, random);
  const { writes } = createMetadata({ deviceSizeBytes: meta.sizeBytes, placement: 'flex-external', maxPeers: 1 });
  for (const write of writes) {
    meta.poke(write.offsetBytes, write.kind === 'bytes' ? write.bytes : new Uint8Array(write.lengthBytes));
  }
  const attachAgain = (): void => {
    let code = 0;
    const options = { placement: 'flex-external', sizeSectors: 0, mdFlushes: true } as const;
    LocalDisk.open({ data: data.open(), meta: meta.open(), ...options }, (disk) => {
      if (!(disk instanceof LocalDisk)) throw new Error(JSON.stringify(disk));
      attach(alice.device, disk, (result) => (code = result));
    });
    pair.run(1000, () => code !== 0);
    expect(code).toBe(1);
  };
  // A disk in use: one that is new writes its whole bitmap when it is attached.
  attachAgain();
  expect(alice.code((done) => detach(alice.device, 'graceful', done))).toBe(1);
  pair.run(100);
  const superblock = decodeSuperblock(meta.peek(0, MD_BLOCK_BYTES));
  if (isMetadataError(superblock)) throw new Error(superblock.message);
  meta.poke(0, encodeSuperblock({ ...superblock, flags: withFlags(superblock.flags, MdFlag.alClean) }));

  let written = false;
  data.open().write(0, [new Uint8Array(64 * 1024).fill(7)], () => (written = true));
  pair.run(100);
  expect(written).toBe(true);
  data.killProcess();
  attachAgain();
  data.cutPower();
  expect([...new Set(data.peek(0, 64 * 1024))]).toEqual([7]);
});
