/** `get-gi` and `show-gi`. Source: setup.md 7.3. */
import type { DeviceState, PeerDeviceState } from '@tsdrbd/engine/control';

/** Without the newline. */
export function renderGi(device: DeviceState, peerDevice: PeerDeviceState): string {
  const gi = peerDevice.generation;
  const flags = [
    gi.consistent,
    gi.wasUpToDate,
    gi.primaryIndicator,
    gi.crashedPrimary,
    gi.alClean,
    gi.alDisabled,
    gi.primaryLostQuorum,
    gi.peerConnected,
    gi.peerOutdated,
    gi.peerFencing,
    gi.peerFullSync,
    gi.peerDeviceSeen,
  ];
  return [device.currentUuid, gi.bitmapUuid, ...gi.historyUuids, ...flags.map(Number)].join(':');
}

/** The line of `get-gi` with a picture around it, verbatim: people compare it. */
export function renderGiPicture(line: string): string {
  return `
       +--<  Current data generation UUID  >-
       |               +--<  Bitmap's base data generation UUID  >-
       |               |                 +--<  younger history UUID  >-
       |               |                 |         +-<  older history  >-
       V               V                 V         V
${line}
                                                                    ^ ^ ^ ^ ^ ^ ^ ^ ^ ^ ^ ^
                                      -<  Data consistency flag  >--+ | | | | | | | | | | |
                             -<  Data was/is currently up-to-date  >--+ | | | | | | | | | |
                                  -<  Node was/is currently primary  >--+ | | | | | | | | |
 -<  This node was a crashed primary, and has not seen its peer since  >--+ | | | | | | | |
             -<  The activity-log was applied, the disk can be attached  >--+ | | | | | | |
        -<  The activity-log was disabled, peer is completely out of sync  >--+ | | | | | |
                              -<  This node was primary when it lost quorum  >--+ | | | | |
                                          -<  Node was/is currently connected  >--+ | | | |
                              -<  The peer's disk was out-dated or inconsistent  >--+ | | |
                                 -<   A fence policy other the dont-care was used  >--+ | |
                  -<  Node was in the progress of marking all blocks as out of sync  >--+ |
                     -<  At least once we saw this node with a backing device attached >--+

`;
}
