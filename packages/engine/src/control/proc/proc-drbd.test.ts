/** Samples of setup.md 8.1, captured on an 8.4.11 kernel; `finish` is an estimate of its own, so it is left out. */
import {
  connectionState,
  deviceState,
  deviceStatistics,
  peerDeviceState,
  peerDeviceStatistics,
  resourceState,
  syncDetails,
} from '../testing';
import { renderProcDrbd } from './proc-drbd';

const KIB = 2;
const HEAD = 'version: 9.3.3 (api:2/proto:86-101) (compat 8.4)\nsrcversion: tsdrbd \n';
const text = (...resources: ReturnType<typeof resourceState>[]): string => {
  const all = renderProcDrbd({ resources });
  expect(all.startsWith(HEAD)).toBe(true);
  return all.slice(HEAD.length).replace(/finish: \d+:\d\d:\d\d/g, 'finish: …');
};

const sync = syncDetails({
  totalSectors: 65496 * KIB,
  startMs: 2001,
  mark0Ms: 2001,
  mark0Sectors: 5820 * KIB,
  mark1Ms: 2001,
  mark1Sectors: 5820 * KIB,
});

const source = resourceState({
  role: 'Primary',
  devices: [deviceState({ statistics: deviceStatistics({ readSectors: 5820 * KIB, alWriteCount: 8 }) })],
  connections: [
    connectionState({
      peerDevices: [
        peerDeviceState({
          replicationState: 'SyncSource',
          peerDiskState: 'Inconsistent',
          statistics: peerDeviceStatistics({ sentSectors: 5820 * KIB, outOfSyncSectors: 59676 * KIB }),
          sync,
        }),
      ],
    }),
  ],
});

const target = resourceState({
  name: 'r1',
  devices: [
    deviceState({
      minor: 10,
      diskState: 'Inconsistent',
      statistics: deviceStatistics({ writtenSectors: 5820 * KIB, alWriteCount: 8 }),
    }),
  ],
  connections: [
    connectionState({
      peerRole: 'Primary',
      peerDevices: [
        peerDeviceState({
          replicationState: 'SyncTarget',
          statistics: peerDeviceStatistics({ receivedSectors: 5820 * KIB, outOfSyncSectors: 59676 * KIB }),
          sync: { ...sync, wantKibPerSecond: 2048 },
        }),
      ],
    }),
  ],
});

test('source and target of a resync, with a gap between the minors', () => {
  expect(text(target, source)).toBe(` 0: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----
    ns:5820 nr:0 dw:0 dr:5820 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:59676
	[=>..................] sync'ed: 12.5% (59676/65496)K
	finish: … speed: 2,908 (2,908) K/sec

10: cs:SyncTarget ro:Secondary/Primary ds:Inconsistent/UpToDate C r-----
    ns:0 nr:5820 dw:5820 dr:0 al:8 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:59676
	[=>..................] sync'ed: 12.5% (59676/65496)K
	finish: … speed: 2,908 (2,908) want: 2,048 K/sec
`);
});

const peerOf = (changes: Parameters<typeof peerDeviceState>[0], more: Parameters<typeof connectionState>[0] = {}) =>
  connectionState({ ...more, peerDevices: [peerDeviceState(changes)] });
const lost = { replicationState: 'Off', peerDiskState: 'DUnknown' } as const;

test.each([
  ['diskless and StandAlone', ' 0: cs:Unconfigured', { devices: [deviceState({ diskState: 'Diskless' })] }],
  [
    'StandAlone',
    ' 0: cs:StandAlone ro:Primary/Unknown ds:UpToDate/DUnknown   r-----',
    {
      role: 'Primary',
      devices: [deviceState()],
      connections: [peerOf(lost, { connectionState: 'StandAlone', peerRole: 'Unknown' })],
    },
  ],
  [
    'waiting, with the activity log suspended',
    ' 0: cs:WFConnection ro:Secondary/Unknown ds:Inconsistent/DUnknown C r----s',
    {
      devices: [deviceState({ diskState: 'Inconsistent', statistics: deviceStatistics({ alSuspended: true }) })],
      connections: [peerOf(lost, { connectionState: 'Connecting', peerRole: 'Unknown' })],
    },
  ],
  [
    'I/O suspended',
    ' 0: cs:Connected ro:Primary/Secondary ds:Diskless/UpToDate C s-----',
    {
      role: 'Primary',
      suspended: { user: false, noData: true, fencing: false, quorum: false },
      devices: [deviceState({ diskState: 'Diskless' })],
      connections: [peerOf({})],
    },
  ],
  [
    'paused by the administrator',
    ' 0: cs:PausedSyncS ro:Primary/Secondary ds:UpToDate/Inconsistent C r--u--',
    {
      role: 'Primary',
      devices: [deviceState()],
      connections: [
        peerOf({
          replicationState: 'PausedSyncS',
          peerDiskState: 'Inconsistent',
          resyncSuspended: { user: true, peer: false, dependency: false },
        }),
      ],
    },
  ],
] as const)('%s', (_name, line, changes) => {
  expect(text(resourceState(changes)).split('\n')[0]).toBe(line);
});

test('an online verify of a large device counts in MiB, and stalls after three minutes', () => {
  const verifying = resourceState({
    devices: [deviceState()],
    connections: [
      peerOf({
        replicationState: 'VerifyS',
        sync: syncDetails({
          totalSectors: 8 * 1024 * 1024 * KIB,
          mark1Ms: 180_001,
          verify: {
            startSector: 0,
            stopSector: null,
            positionSector: 0,
            leftSectors: 4 * 1024 * 1024 * KIB,
            skippedSectors: 0,
          },
        }),
      }),
    ],
  });
  const lines = text(verifying).split('\n');
  expect(lines[2]).toBe('\t[=========>..........] verified: 50.1% (4096/8192)M');
  expect(lines[3]).toMatch(/^\tfinish: … speed: 0 \([\d,]+\) want: 0 K\/sec \(stalled\)$/);
});
