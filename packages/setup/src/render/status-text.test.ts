import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeState } from '@tsdrbd/engine/control';
import {
  INTERNAL_BACKING,
  NOT_SUSPENDED,
  RESYNC_NOT_SUSPENDED,
  connectionState,
  deviceState,
  deviceStatistics,
  peerDeviceState,
  peerDeviceStatistics,
  resourceState,
  syncDetails,
} from '@tsdrbd/engine/control/testing';
import { nodeStateOf, recordedStatuses } from '../../test/support/recorded-status';
import { paint } from './color';
import { renderStatusJson } from './status-json';
import { DEFAULT_WIDTH_COLUMNS, renderStatus } from './status-text';
import type { StatusStyle } from './status-text';

const GOLDEN = join(__dirname, '../../test/golden');

function render(node: NodeState, verbosity: number, statistics: boolean, more: Partial<StatusStyle> = {}): string {
  return renderStatus(node, {
    verbosity,
    statistics,
    isTerminal: false,
    widthColumns: DEFAULT_WIDTH_COLUMNS,
    paint: paint('never', false),
    ...more,
  });
}

/** 9.22 knows no `open`, `tls` and `paths`, and breaks lines elsewhere; everything else must be the same. */
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '' && !/^(open|tls):/.test(word));
const jsonLines = (text: string): string[] =>
  text
    .replace(/^ *"paths": \[\n \],\n/gm, '')
    .split('\n')
    .filter((line) => !/^ *"(open|tls)": /.test(line));

describe.each(readdirSync(GOLDEN).filter((name) => name.startsWith('status-9.2.18')))('%s', (name) => {
  const statuses = recordedStatuses(readFileSync(join(GOLDEN, name), 'utf8'));

  test('has key points', () => expect(statuses.length).toBeGreaterThan(4));

  test('every text form has the words of the real one', () => {
    for (const recorded of statuses) {
      expect(words(render(nodeStateOf(recorded), 1, true))).toEqual(words(recorded.text));
    }
  });

  test('every JSON form is the real one, to the byte', () => {
    for (const recorded of statuses) {
      expect(jsonLines(renderStatusJson(nodeStateOf(recorded)).trimEnd())).toEqual(jsonLines(recorded.json));
    }
  });
});

/** Samples of setup.md 4.3: printed by the real 9.34 code from states that were made up. */
describe('samples of version 9.34', () => {
  const bob = connectionState({
    peerDevices: [peerDeviceState({ statistics: peerDeviceStatistics({ sentSectors: 8192 }) })],
  });
  const healthy: NodeState = {
    resources: [
      resourceState({
        role: 'Primary',
        devices: [
          deviceState({
            open: 'yes',
            statistics: deviceStatistics({
              sizeSectors: 2097016,
              readSectors: 4096,
              writtenSectors: 8192,
              alWriteCount: 9,
            }),
          }),
        ],
        connections: [bob],
      }),
    ],
  };

  test('two healthy nodes', () => {
    expect(render(healthy, 0, false)).toBe(`r0 role:Primary
  disk:UpToDate open:yes
  bob role:Secondary
    peer-disk:UpToDate

`);
  });

  test('-v', () => {
    expect(render(healthy, 1, false)).toBe(`r0 node-id:0 role:Primary suspended:no force-io-failures:no
  volume:0 minor:0 disk:UpToDate backing_dev:/dev/vg0/r0 quorum:yes open:yes
      blocked:no
  bob node-id:1 connection:Connected role:Secondary tls:no congested:no
      ap-in-flight:0 rs-in-flight:0
    volume:0 replication:Established peer-disk:UpToDate resync-suspended:no

`);
  });

  test('-s', () => {
    expect(render(healthy, 0, true)).toBe(`r0 role:Primary
  disk:UpToDate open:yes
      read:2048 written:4096
  bob role:Secondary
    peer-disk:UpToDate
        received:0 sent:4096

`);
  });

  test('-v -s', () => {
    expect(render(healthy, 1, true)).toBe(`r0 node-id:0 role:Primary suspended:no force-io-failures:no
    write-ordering:flush
  volume:0 minor:0 disk:UpToDate backing_dev:/dev/vg0/r0 quorum:yes open:yes
      size:1048508 read:2048 written:4096 al-writes:9 bm-writes:0 upper-pending:0
      lower-pending:0 al-suspended:no blocked:no
  bob node-id:1 connection:Connected role:Secondary tls:no congested:no
      ap-in-flight:0 rs-in-flight:0
    volume:0 replication:Established peer-disk:UpToDate resync-suspended:no
        received:0 sent:4096 out-of-sync:0 pending:0 unacked:0

`);
  });

  const syncing: NodeState = {
    resources: [
      resourceState({
        role: 'Primary',
        devices: [deviceState({ open: 'yes', statistics: deviceStatistics({ sizeSectors: 2097016 }) })],
        connections: [
          connectionState({
            peerNodeId: 2,
            name: 'charlie',
            peerDevices: [peerDeviceState({ peerDiskState: 'Diskless', peerClient: 'yes' })],
          }),
          connectionState({
            apInFlightSectors: 16,
            rsInFlightSectors: 2048,
            peerDevices: [
              peerDeviceState({
                replicationState: 'SyncSource',
                peerDiskState: 'Inconsistent',
                statistics: peerDeviceStatistics({ sentSectors: 1048576, outOfSyncSectors: 1048440, pendingCount: 4 }),
                sync: syncDetails({
                  totalSectors: 2097016,
                  startMs: 10500,
                  mark0Ms: 10400,
                  mark0Sectors: 1048576,
                  mark1Ms: 3100,
                  mark1Sectors: 310000,
                }),
              }),
            ],
          }),
        ],
      }),
    ],
  };

  test('one peer syncing, one an intentional client', () => {
    expect(render(syncing, 0, false)).toBe(`r0 role:Primary
  disk:UpToDate open:yes
  bob role:Secondary
    replication:SyncSource peer-disk:Inconsistent done:50.00
  charlie role:Secondary
    peer-disk:Diskless peer-client:yes

`);
  });

  test('-v -v -s', () => {
    const connections = render(syncing, 2, true).slice(render(syncing, 2, true).indexOf('  bob'));
    expect(connections).toBe(`  bob node-id:1 connection:Connected role:Secondary tls:no congested:no
      ap-in-flight:16 rs-in-flight:2048
    volume:0 replication:SyncSource peer-disk:Inconsistent done:50.00
        resync-suspended:no
        received:0 sent:524288 out-of-sync:524220 pending:4 unacked:0 rs-total:2097016
        rs-dt-start-ms:10500 rs-paused-ms:0 rs-dt0-ms:10400 rs-db0-sectors:1048576
        rs-dt1-ms:3100 rs-db1-sectors:310000 rs-failed:0 rs-same-csum:0 dbdt:48.76
        dbdt0:49.23 dbdt1:48.83 eta:10
  charlie node-id:2 connection:Connected role:Secondary tls:no congested:no
      ap-in-flight:0 rs-in-flight:0
    volume:0 replication:Established peer-disk:Diskless peer-client:yes
        resync-suspended:no
        received:0 sent:0 out-of-sync:0 pending:0 unacked:0

`);
  });

  test('a client suspended by the user, and a Primary without quorum', () => {
    const blocked = deviceStatistics({ upperBlocked: true });
    const node: NodeState = {
      resources: [
        resourceState({
          name: 'web',
          role: 'Primary',
          suspended: { ...NOT_SUSPENDED, quorum: true },
          devices: [
            deviceState({ quorum: false, open: 'yes', statistics: blocked }),
            deviceState({ volume: 1, minor: 1, quorum: false, statistics: blocked }),
          ],
          connections: [
            connectionState({ name: 'charlie', peerNodeId: 2, connectionState: 'StandAlone', peerRole: 'Unknown' }),
            connectionState({ name: 'alice', connectionState: 'Connecting', peerRole: 'Unknown' }),
          ],
        }),
        resourceState({
          name: 'db',
          suspended: { ...NOT_SUSPENDED, user: true },
          forceIoFailures: true,
          devices: [deviceState({ diskState: 'Diskless', client: 'yes', backing: null, statistics: blocked })],
          connections: [
            connectionState({
              name: 'alice',
              peerRole: 'Primary',
              tls: true,
              congested: true,
              peerDevices: [peerDeviceState()],
            }),
          ],
        }),
      ],
    };
    expect(render(node, 0, false)).toBe(`db role:Secondary suspended:user force-io-failures:yes
  disk:Diskless client:yes open:no blocked:upper
  alice role:Primary tls:yes congested:yes ap-in-flight:0 rs-in-flight:0
    peer-disk:UpToDate

web role:Primary suspended:quorum
  volume:0 disk:UpToDate quorum:no open:yes blocked:upper
  volume:1 disk:UpToDate quorum:no open:no blocked:upper
  alice connection:Connecting
  charlie connection:StandAlone

`);
  });

  test('a paused sync target, a failed attach, a lost peer', () => {
    const node: NodeState = {
      resources: [
        resourceState({
          devices: [
            deviceState({ diskState: 'Inconsistent', statistics: deviceStatistics({ sizeSectors: 800 }) }),
            deviceState({ volume: 1, minor: 1, diskState: 'Diskless', backing: null }),
          ],
          connections: [
            connectionState({
              peerRole: 'Primary',
              peerDevices: [
                peerDeviceState({
                  replicationState: 'PausedSyncT',
                  resyncSuspended: { ...RESYNC_NOT_SUSPENDED, user: true, dependency: true },
                  statistics: peerDeviceStatistics({ outOfSyncSectors: 200 }),
                  sync: syncDetails({ totalSectors: 800 }),
                }),
                peerDeviceState({ volume: 1 }),
              ],
            }),
            connectionState({ name: 'charlie', peerNodeId: 2, connectionState: 'NetworkFailure', peerRole: 'Unknown' }),
          ],
        }),
      ],
    };
    expect(render(node, 0, false)).toBe(`r0 role:Secondary
  volume:0 disk:Inconsistent open:no
  volume:1 disk:Diskless client:no open:no
  bob role:Primary
    volume:0 replication:PausedSyncT peer-disk:UpToDate done:75.00
        resync-suspended:user,dependency
    volume:1 peer-disk:UpToDate
  charlie connection:NetworkFailure

`);
  });

  test('a connected peer device without anything to say is an empty line', () => {
    const peerDevices = [peerDeviceState({ replicationState: 'Off', peerDiskState: 'DUnknown' })];
    const node = {
      resources: [resourceState({ connections: [connectionState({ peerDevices })], devices: [deviceState()] })],
    };
    expect(render(node, 0, false)).toContain('  bob role:Secondary\n\n\n');
  });

  test('a terminal gets colours, and no word on clients', () => {
    const node = {
      resources: [resourceState({ devices: [deviceState({ diskState: 'Diskless', client: 'no', backing: null })] })],
    };
    const text = render(node, 0, false, { isTerminal: true, paint: paint('auto', true) });
    expect(text).toBe('r0 role:Secondary\n  disk:\x1b[1;31mDiskless\x1b[0m open:no\n\n');
  });

  test('JSON of the syncing resource with a path', () => {
    const [resource] = syncing.resources;
    const bobOnly = resource?.connections.filter((each) => each.name === 'bob') ?? [];
    const paths = [
      {
        local: { family: 'ipv4' as const, address: '10.0.0.1', port: 7000 },
        peer: { family: 'ipv4' as const, address: '10.0.0.2', port: 7000 },
        established: true,
      },
    ];
    const statistics = deviceStatistics({
      sizeSectors: 2097016,
      readSectors: 1048576,
      writtenSectors: 8192,
      alWriteCount: 9,
      bmWriteCount: 3,
      upperPendingCount: 2,
      lowerPendingCount: 1,
    });
    const node = {
      resources: [
        resourceState({
          role: 'Primary',
          devices: [deviceState({ open: 'yes', backing: INTERNAL_BACKING, statistics })],
          connections: bobOnly.map((each) => ({ ...each, paths })),
        }),
      ],
    };
    expect(renderStatusJson(node)).toBe(readFileSync(join(GOLDEN, 'status-9.34-sample.json'), 'utf8'));
  });

  test('nothing configured', () => expect(renderStatusJson({ resources: [] })).toBe('[\n]\n\n'));
});
