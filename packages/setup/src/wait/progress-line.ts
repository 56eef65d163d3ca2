/** How far a resync is, as one line of a terminal that is overwritten as it goes on. */
import type { ResourceState } from '@tsdrbd/engine/control';
import { secondsWord, syncProgress, twoDecimals } from '../render/sync-progress';
import type { WaitTarget } from './wait-rule';
import { waitedFor } from './wait-rule';

const BAR_COLUMNS = 20;

/** Of the peer device that has the most left to do; null when nothing runs. */
export function progressLine(resource: ResourceState, target: WaitTarget): string | null {
  const running = waitedFor(resource, target)
    .map((each) => ({ ...each, progress: syncProgress(each.peerDevice) }))
    .filter((each) => each.progress !== null)
    .sort((a, b) => (b.progress?.leftSectors ?? 0) - (a.progress?.leftSectors ?? 0));
  const [slowest] = running;
  if (!slowest?.progress) return null;
  const { connection, peerDevice, progress } = slowest;
  const filled = Math.floor((progress.donePercent / 100) * BAR_COLUMNS);
  const bar = `[${'='.repeat(Math.max(0, filled - 1))}>${'.'.repeat(BAR_COLUMNS - Math.max(1, filled))}]`;
  const speed = `${twoDecimals(progress.mark1MibPerSecond)} MiB/s`;
  const left = progress.secondsLeft === null ? '' : `, ${secondsWord(progress.secondsLeft)} s left`;
  return `${resource.name}/${peerDevice.volume} ${peerDevice.replicationState} ${connection.name} ${bar} ${twoDecimals(progress.donePercent)}% (${speed}${left})`;
}
