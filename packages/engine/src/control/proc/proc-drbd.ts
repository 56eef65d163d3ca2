/**
 * The node's volumes as /proc/drbd of DRBD 8.4 lists them, for the many scripts that read that. Source: setup.md 8.
 *
 * A volume has one peer there: of several, the first connection counts.
 */
import { MODULE_VERSION } from '@tsdrbd/config/module-version';
import type { ConnectionState, DeviceState, NodeState, PeerDeviceState, ResourceState } from '../schema/node-state';
import type { ConnectionStateName, DiskStateName, RoleName, WriteOrderingName } from '../schema/state-names';

/** What scripts find in the first line: the generation whose commands are understood, and the wire protocols. */
const HEAD = `version: ${MODULE_VERSION} (api:2/proto:86-101) (compat 8.4)\nsrcversion: tsdrbd \n`;

const SECTORS_PER_BIT = 8;
const KIB_PER_BIT = 4;
/** From this size on progress is told in MiB. */
const MEGABYTES_ABOVE_BITS = 1 << 20;
const STALLED_MS = 180_000;
const WRITE_ORDERING_LETTERS: Readonly<Record<WriteOrderingName, string>> = {
  barrier: 'b',
  flush: 'f',
  drain: 'd',
  none: 'n',
};

/** One volume. KiB where the key says nothing else; the two-letter keys are those of the text. */
export interface ProcVolume {
  readonly minor: number;
  readonly cs: string;
  readonly ro: readonly [RoleName, RoleName];
  readonly ds: readonly [DiskStateName, DiskStateName];
  /** A blank without a configured network. */
  readonly protocol: string;
  /** Six characters. */
  readonly flags: string;
  readonly counters: Readonly<Record<(typeof COUNTERS)[number], number>>;
  readonly wo: string;
  readonly oos: number;
  readonly progress: ProcProgress | null;
}

const COUNTERS = ['ns', 'nr', 'dw', 'dr', 'al', 'bm', 'lo', 'pe', 'ua', 'ap', 'ep'] as const;

export interface ProcProgress {
  readonly kind: "sync'ed" | 'verified';
  readonly permille: number;
  readonly leftBits: number;
  readonly totalBits: number;
  /** Null where nothing moves. */
  readonly finishSeconds: number | null;
  readonly recentKibPerSecond: number;
  readonly averageKibPerSecond: number;
  /** Only where this node controls the rate. */
  readonly wantKibPerSecond: number | null;
  readonly stalled: boolean;
}

/** Ascending by minor. */
export function procVolumes(node: NodeState): ProcVolume[] {
  return node.resources
    .flatMap((resource) => resource.devices.map((device) => procVolume(resource, device)))
    .sort((a, b) => a.minor - b.minor);
}

export function renderProcDrbd(node: NodeState): string {
  let expected = 0;
  const volumes = procVolumes(node).map((volume) => {
    const gap = volume.minor === expected ? '' : '\n';
    expected = volume.minor + 1;
    return gap + volumeText(volume);
  });
  return HEAD + volumes.join('');
}

function procVolume(resource: ResourceState, device: DeviceState): ProcVolume {
  const [connection] = resource.connections;
  const peer = connection?.peerDevices.find(({ volume }) => volume === device.volume);
  const { statistics } = device;
  // In 8.4 a StandAlone volume has no network configuration.
  const protocol =
    connection === undefined || connection.connectionState === 'StandAlone'
      ? ' '
      : String(connection.netOptions['protocol'] ?? 'C');
  return {
    minor: device.minor,
    cs: combinedState(resource, device, connection, peer),
    ro: [resource.role, connection?.peerRole ?? 'Unknown'],
    ds: [device.diskState, peer?.peerDiskState ?? 'DUnknown'],
    protocol,
    flags: flagLetters(resource, device, connection, peer),
    counters: {
      ns: kib(peer?.statistics.sentSectors),
      nr: kib(peer?.statistics.receivedSectors),
      dw: kib(statistics.writtenSectors),
      dr: kib(statistics.readSectors),
      al: statistics.alWriteCount,
      bm: statistics.bmWriteCount,
      lo: statistics.lowerPendingCount,
      pe: peer?.statistics.pendingCount ?? 0,
      ua: peer?.statistics.unackedCount ?? 0,
      ap: statistics.upperPendingCount,
      ep: 1,
    },
    wo: WRITE_ORDERING_LETTERS[resource.writeOrdering],
    oos: kib(peer?.statistics.outOfSyncSectors),
    progress: peer === undefined ? null : progressOf(peer),
  };
}

const kib = (sectors = 0): number => Math.floor(sectors / 2);

const CONNECTION_NAMES: Partial<Record<ConnectionStateName, string>> = { Connecting: 'WFConnection' };

/** Connection and replication state in one word, by 8.4's names. */
function combinedState(
  resource: ResourceState,
  device: DeviceState,
  connection: ConnectionState | undefined,
  peer: PeerDeviceState | undefined,
): string {
  const state = connection?.connectionState ?? 'StandAlone';
  if (state === 'StandAlone' && device.diskState === 'Diskless' && resource.role === 'Secondary') return UNCONFIGURED;
  if (state !== 'Connected') return CONNECTION_NAMES[state] ?? state;
  const replication = peer?.replicationState ?? 'Off';
  if (replication === 'Off') return 'WFReportParams';
  return replication === 'Established' ? 'Connected' : replication;
}

const UNCONFIGURED = 'Unconfigured';

function flagLetters(
  resource: ResourceState,
  device: DeviceState,
  connection: ConnectionState | undefined,
  peer: PeerDeviceState | undefined,
): string {
  const { user, noData, fencing, quorum } = resource.suspended;
  const paused = peer?.resyncSuspended;
  return [
    user || noData || fencing || quorum ? 's' : 'r',
    paused?.dependency ? 'a' : '-',
    paused?.peer ? 'p' : '-',
    paused?.user ? 'u' : '-',
    connection?.congested ? 'n' : '-',
    device.statistics.alSuspended ? 's' : '-',
  ].join('');
}

function progressOf({ replicationState, sync, statistics }: PeerDeviceState): ProcProgress | null {
  const verifies = replicationState === 'VerifyS' || replicationState === 'VerifyT';
  if (sync === null || !(verifies || replicationState === 'SyncSource' || replicationState === 'SyncTarget'))
    return null;
  const leftSectors = sync.verify?.leftSectors ?? statistics.outOfSyncSectors - sync.failedSectors;
  const leftBits = Math.max(0, Math.floor(leftSectors / SECTORS_PER_BIT));
  const totalBits = Math.floor(sync.totalSectors / SECTORS_PER_BIT);
  // Coarse on purpose: the original counts in such pieces, and scripts compare percentages of both.
  const pieceBits = totalBits >= 2 ** 32 ? 2 ** 16 : 2 ** 10;
  const done = Math.floor((Math.floor(leftBits / pieceBits) * 1000) / (Math.floor(totalBits / pieceBits) + 1));
  const doneSectors = sync.totalSectors - leftSectors;
  const recent = sync.mark0Sectors / Math.max(1, sync.mark0Ms);
  return {
    kind: verifies ? 'verified' : "sync'ed",
    permille: 1000 - done,
    leftBits,
    totalBits,
    finishSeconds: recent > 0 ? Math.floor(leftSectors / recent / 1000) : null,
    recentKibPerSecond: kibPerSecond(sync.mark0Sectors, sync.mark0Ms),
    averageKibPerSecond: kibPerSecond(doneSectors, sync.startMs - sync.pausedMs),
    wantKibPerSecond:
      replicationState === 'SyncTarget' || replicationState === 'VerifyS' ? sync.wantKibPerSecond : null,
    stalled: sync.mark1Ms > STALLED_MS,
  };
}

const kibPerSecond = (sectors: number, ms: number): number =>
  Math.max(0, Math.floor((sectors * 500) / Math.max(1, ms)));

function volumeText(volume: ProcVolume): string {
  const minor = String(volume.minor).padStart(2);
  if (volume.cs === UNCONFIGURED) return `${minor}: cs:${UNCONFIGURED}\n`;
  const counters = COUNTERS.map((key) => `${key}:${volume.counters[key]}`).join(' ');
  return [
    `${minor}: cs:${volume.cs} ro:${volume.ro.join('/')} ds:${volume.ds.join('/')} ${volume.protocol} ${volume.flags}`,
    `    ${counters} wo:${volume.wo} oos:${volume.oos}`,
    ...(volume.progress === null ? [] : progressLines(volume.progress)),
    '',
  ].join('\n');
}

function progressLines(progress: ProcProgress): string[] {
  const { permille, leftBits, totalBits } = progress;
  const filled = Math.floor(permille / 50);
  const bar = `[${'='.repeat(Math.max(0, filled - 1))}>${'.'.repeat(20 - filled)}]`;
  const percent = `${String(Math.floor(permille / 10)).padStart(3)}.${permille % 10}%`;
  const amount = (bits: number): number =>
    totalBits > MEGABYTES_ABOVE_BITS ? Math.floor((bits * KIB_PER_BIT) / 1024) : bits * KIB_PER_BIT;
  const unit = totalBits > MEGABYTES_ABOVE_BITS ? 'M' : 'K';
  const want = progress.wantKibPerSecond === null ? '' : ` want: ${thousands(progress.wantKibPerSecond)}`;
  const finish = progress.finishSeconds === null ? '0:00:00' : hours(progress.finishSeconds);
  return [
    `\t${bar} ${progress.kind}:${percent} (${amount(leftBits)}/${amount(totalBits)})${unit}`,
    `\tfinish: ${finish} speed: ${thousands(progress.recentKibPerSecond)} (${thousands(progress.averageKibPerSecond)})${want} K/sec${progress.stalled ? ' (stalled)' : ''}`,
  ];
}

const thousands = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');

function hours(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
