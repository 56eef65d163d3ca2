/** A node without a peer. Facts: recorded sessions of DRBD 8.4.11, stories 01 and 05 (test/stories). */
import { hex, newCurrentUuid } from '../../src/core';
import type { SuperblockV09 } from '../../src/metadata';
import { PlayedNode } from './played-node';

const DISK_BYTES = 4 * 1024 * 1024;

function node(superblock: (fresh: SuperblockV09) => SuperblockV09 = (fresh) => fresh): PlayedNode {
  const played = new PlayedNode({ nodeId: 0, diskBytes: DISK_BYTES, superblock, dirtyBits: [], net: {} });
  played.attach();
  return played;
}

test('of a disk just created, every block is out of sync', () => {
  const { device } = node();
  expect(device.peerDevices[0]?.outOfSyncBits).toBe(device.sizeSectors / 8);
});

test('each new generation made alone pushes the one before the last into the history', () => {
  const { device } = node();
  const peerDevice = device.peerDevices[0];
  const slots = (): string[] => {
    const set = peerDevice?.uuids;
    return [set?.current, set?.bitmap, set?.history0, set?.history1].map((uuid) => hex((uuid ?? 0n) & ~1n));
  };
  newCurrentUuid(device, 'clear-bitmap', () => undefined);
  const [first] = slots();
  newCurrentUuid(device, 'keep-bitmap', () => undefined);
  const [second, ...rest] = slots();
  expect(rest.slice(0, 1)).toEqual([first]);
  newCurrentUuid(device, 'keep-bitmap', () => undefined);
  expect(slots().slice(1, 3)).toEqual([second, first]);
});
