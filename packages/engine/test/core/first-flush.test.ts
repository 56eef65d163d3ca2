/** A killed engine leaves writes in the page cache: the next one's first flush has to cover them. */
import { LocalDisk } from '../../src/core';
import { SimClock } from '../../src/sim/clock';
import { SimDisk } from '../../src/sim/disk';
import { createMd } from '../../src/sim/prepare-disk';
import { SimRandom } from '../../src/sim/random';

test('the first flush after attach reaches the data device, the next one only after a write', () => {
  const clock = new SimClock();
  const disk = new SimDisk('sda', 1024 * 1024, clock, new SimRandom(1));
  createMd(disk);
  const handle = disk.open();
  let flushes = 0;
  const data = { ...handle, flush: (done: Parameters<typeof handle.flush>[0]) => (flushes++, handle.flush(done)) };
  const flushesAfter = (attached: LocalDisk): number => {
    let done = false;
    attached.flushData((error) => (done = error === null));
    clock.run(clock.nowMs() + 100);
    expect(done).toBe(true);
    return flushes;
  };
  let attached: LocalDisk | null = null;
  LocalDisk.open({ data, meta: data, placement: 'internal', sizeSectors: 0, mdFlushes: true }, (opened) => {
    if (opened instanceof LocalDisk) attached = opened;
  });
  clock.run(100);
  if (attached === null) throw new Error('not attached');
  flushes = 0;
  expect(flushesAfter(attached)).toBe(1);
  expect(flushesAfter(attached)).toBe(1);
  (attached as LocalDisk).noteDataWritten();
  expect(flushesAfter(attached)).toBe(2);
});
