/** What is derived from the progress of a resync or verify. Definitions: setup.md 4.1. */
import type { PeerDeviceState, SyncDetails } from '@tsdrbd/engine/control';

const KIB_PER_MIB = 1024;
const SECTORS_PER_MIB = 2048;
const MS_PER_SECOND = 1000;

export interface SyncProgress {
  readonly sync: SyncDetails;
  readonly leftSectors: number;
  readonly donePercent: number;
  /** Of the oldest mark, the newest mark, and since the start. */
  readonly mark0MibPerSecond: number;
  readonly mark1MibPerSecond: number;
  readonly averageMibPerSecond: number;
  /** Null where nothing was done since the newest mark. */
  readonly secondsLeft: number | null;
  readonly wantMibPerSecond: number;
}

/** Null when nothing runs. */
export function syncProgress(peerDevice: Pick<PeerDeviceState, 'sync' | 'statistics'>): SyncProgress | null {
  const { sync, statistics } = peerDevice;
  if (sync === null || sync.totalSectors === 0) return null;
  const leftSectors = sync.verify?.leftSectors || statistics.outOfSyncSectors - sync.failedSectors;
  const doneSectors = sync.totalSectors - leftSectors;
  return {
    sync,
    leftSectors,
    donePercent: (100 * doneSectors) / sync.totalSectors,
    mark0MibPerSecond: rate(sync.mark0Sectors, sync.mark0Ms),
    mark1MibPerSecond: rate(sync.mark1Sectors, sync.mark1Ms),
    averageMibPerSecond: rate(doneSectors, sync.startMs - sync.pausedMs),
    secondsLeft: sync.mark1Sectors === 0 ? null : ((sync.mark1Ms / MS_PER_SECOND) * leftSectors) / sync.mark1Sectors,
    wantMibPerSecond: sync.wantKibPerSecond / KIB_PER_MIB,
  };
}

/** No time passed counts as one millisecond. */
function rate(sectors: number, ms: number): number {
  return ((sectors / (ms || 1)) * MS_PER_SECOND) / SECTORS_PER_MIB;
}

export const twoDecimals = (value: number): string => value.toFixed(2);
export const secondsWord = (seconds: number | null): string => (seconds === null ? 'nan' : seconds.toFixed(0));

/** The tokens that `-v` and `-v -v` add. */
export function detailTokens(progress: SyncProgress, detail: 'brief' | 'full'): string[] {
  const { sync } = progress;
  const eta = `eta:${secondsWord(progress.secondsLeft)}`;
  const dbdt1 = `dbdt1:${twoDecimals(progress.mark1MibPerSecond)}`;
  if (detail === 'brief') return [dbdt1, eta];
  const kind = sync.verify
    ? [
        `ov-start-sector:${sync.verify.startSector}`,
        `ov-stop-sector:${sync.verify.stopSector ?? -1}`,
        `ov-position:${sync.verify.positionSector}`,
        `ov-left:${sync.verify.leftSectors}`,
        `ov-skipped:${sync.verify.skippedSectors}`,
      ]
    : [`rs-failed:${sync.failedSectors}`, `rs-same-csum:${sync.sameChecksumSectors}`];
  return [
    `rs-total:${sync.totalSectors}`,
    `rs-dt-start-ms:${sync.startMs}`,
    `rs-paused-ms:${sync.pausedMs}`,
    `rs-dt0-ms:${sync.mark0Ms}`,
    `rs-db0-sectors:${sync.mark0Sectors}`,
    `rs-dt1-ms:${sync.mark1Ms}`,
    `rs-db1-sectors:${sync.mark1Sectors}`,
    ...kind,
    ...(progress.wantMibPerSecond === 0 ? [] : [`want:${twoDecimals(progress.wantMibPerSecond)}`]),
    `dbdt:${twoDecimals(progress.averageMibPerSecond)}`,
    `dbdt0:${twoDecimals(progress.mark0MibPerSecond)}`,
    dbdt1,
    eta,
  ];
}
