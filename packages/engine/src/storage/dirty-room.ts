/**
 * How much may still be written into the page cache before the kernel makes writers wait for the disk
 * (balance_dirty_pages): they run free up to the middle between the background and the hard threshold. What everybody
 * else has dirtied counts. Sources: the kernel's vm.rst (dirty_ratio, dirty_background_ratio), /proc/vmstat, and
 * cgroup-v2.rst (memory.max, memory.stat: a memory cgroup has thresholds of its own, the same shares of its limit).
 */
import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;
/** Half way between the default 10 % and 20 %; a cgroup's limit is shared with what is no cache. */
const CGROUP_SHARE = 0.1;

/** Bytes, 0 when there is no room or no way to know. Reads two or three files of procfs: some 50 us. */
export function dirtyRoomBytes(): number {
  const vmstat = numbersOf('/proc/vmstat');
  const hard = vmstat.get('nr_dirty_threshold');
  const background = vmstat.get('nr_dirty_background_threshold');
  if (hard === undefined || background === undefined) return 0;
  const used = (vmstat.get('nr_dirty') ?? 0) + (vmstat.get('nr_writeback') ?? 0);
  const room = ((hard + background) / 2 - used) * PAGE_BYTES;
  return Math.max(0, Math.min(room, cgroupRoomBytes()));
}

/** Unlimited is the rule; the path is looked up once, since a process seldom moves. */
function cgroupRoomBytes(): number {
  cgroupDirectory ??= findCgroup();
  if (cgroupDirectory === '') return Infinity;
  const limit = Number(contentOf(`${cgroupDirectory}/memory.max`));
  if (!Number.isFinite(limit)) return Infinity;
  const stat = numbersOf(`${cgroupDirectory}/memory.stat`);
  return limit * CGROUP_SHARE - (stat.get('file_dirty') ?? 0) - (stat.get('file_writeback') ?? 0);
}

let cgroupDirectory: string | undefined;

function findCgroup(): string {
  const path = /^0::(.*)$/m.exec(contentOf('/proc/self/cgroup'))?.[1] ?? '';
  for (const directory of [`/sys/fs/cgroup${path}`, '/sys/fs/cgroup']) {
    if (contentOf(`${directory}/memory.max`) !== '') return directory;
  }
  return '';
}

/** Empty where there is no such file: another kernel, a restricted container. */
function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function numbersOf(path: string): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const line of contentOf(path).split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0) numbers.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return numbers;
}
