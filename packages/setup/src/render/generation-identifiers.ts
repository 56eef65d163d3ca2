/** `get-gi` and `show-gi`. Source: setup.md 7.3. */
import type { DeviceState, PeerDeviceState } from '@tsdrbd/engine/control';

/** The flags in get-gi's order, by what the picture calls them. */
const FLAGS = [
  ['consistent', 'consistent'],
  ['was-up-to-date', 'wasUpToDate'],
  ['primary', 'primaryIndicator'],
  ['crashed-primary', 'crashedPrimary'],
  ['al-clean', 'alClean'],
  ['al-disabled', 'alDisabled'],
  ['primary-lost-quorum', 'primaryLostQuorum'],
  ['connected', 'peerConnected'],
  ['peer-outdated', 'peerOutdated'],
  ['fencing', 'peerFencing'],
  ['full-sync', 'peerFullSync'],
  ['device-seen', 'peerDeviceSeen'],
] as const;

/** Without the newline. */
export function renderGi({ currentUuid }: DeviceState, { generation: gi }: PeerDeviceState): string {
  const flags = FLAGS.map(([, field]) => Number(gi[field]));
  return [currentUuid, gi.bitmapUuid, ...gi.historyUuids, ...flags].join(':');
}

export function giJson({ currentUuid }: DeviceState, { generation: gi }: PeerDeviceState): Record<string, unknown> {
  return {
    'current-uuid': currentUuid,
    'bitmap-uuid': gi.bitmapUuid,
    'history-uuids': gi.historyUuids,
    ...Object.fromEntries(FLAGS.map(([key, field]) => [key, gi[field]])),
  };
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
