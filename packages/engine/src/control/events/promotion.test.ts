import { connectionState, deviceState, peerDeviceState, resourceState } from '../testing';
import { promotionOf } from './promotion';

const peer = (peerNodeId: number, peerDiskStates: ReadonlyArray<'UpToDate' | 'Outdated'>, stable = true) =>
  connectionState({
    peerNodeId,
    peerDevices: peerDiskStates.map((peerDiskState, volume) =>
      peerDeviceState({ volume, peerDiskState, peerUuidStable: stable }),
    ),
  });

/** Examples of setup.md 5.4 first. */
test.each([
  ['local and one peer UpToDate', { devices: [deviceState()], connections: [peer(1, ['UpToDate'])] }, true, 10102],
  [
    'two volumes and two UpToDate peers',
    {
      devices: [deviceState(), deviceState({ volume: 1, minor: 1 })],
      connections: [peer(1, ['UpToDate', 'UpToDate']), peer(2, ['UpToDate', 'UpToDate'])],
    },
    true,
    10203,
  ],
  [
    'diskless with two UpToDate peers',
    {
      devices: [deviceState({ diskState: 'Diskless' as const })],
      connections: [peer(1, ['UpToDate']), peer(2, ['UpToDate'])],
    },
    true,
    2,
  ],
  [
    'diskless, and the peer has not settled',
    { devices: [deviceState({ diskState: 'Diskless' as const })], connections: [peer(1, ['UpToDate'], false)] },
    false,
    1,
  ],
  ['local Outdated only', { devices: [deviceState({ diskState: 'Outdated' as const })] }, false, 0],
  ['no devices', {}, false, 0],
  ['quorum lost', { devices: [deviceState({ quorum: false })] }, false, 0],
  ['Primary already', { role: 'Primary' as const, devices: [deviceState()] }, false, 10101],
  ['forced I/O failures', { forceIoFailures: true, devices: [deviceState()] }, false, 0],
])('%s', (_name, changes, mayPromote, score) => {
  expect(promotionOf(resourceState(changes))).toEqual({ mayPromote, score });
});
