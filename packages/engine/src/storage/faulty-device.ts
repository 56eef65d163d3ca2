/**
 * A simulated disk with a volatile write cache and all that may go wrong with one, driven by an injected clock and
 * random source: the same seed gives the same history.
 *
 * Two images are kept: `current`, what reads see, and `stable`, what a power cut is certain to leave. Completed
 * writes wait in `unflushed` until a flush carries them over.
 *
 * Invariants:
 * - A write that was complete before a flush was called is stable when that flush completes.
 * - After a power cut each unflushed or unfinished write is there, gone, or there in some of its sectors, each
 *   independently of the others; a sector is never mixed.
 * - After a process crash completed writes are all there (the page cache lives on); only unfinished ones vary.
 * - No completion of before a crash is called after it.
 */
import type { BackingDevice, Completion } from './backing-device';
import { createMemoryDevice, type MemoryDeviceOptions } from './memory-device';
import { storageError } from './storage-error';

const SECTOR_BYTES = 512;

export interface FaultyDeviceOptions extends MemoryDeviceOptions {
  /** Every request takes a time drawn evenly from here; different times reorder requests. */
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Chance of EIO for each request of a kind, 0 to 1. Default 0. */
  readonly readErrorRate?: number;
  readonly writeErrorRate?: number;
  readonly flushErrorRate?: number;
}

export interface FaultyDeviceDependencies {
  readonly schedule: (delayMs: number, callback: () => void) => void;
  /** Evenly from [0, 1). */
  readonly random: () => number;
}

export interface FaultyDevice extends BackingDevice {
  /** `process`: the engine dies; `power`: the machine does. The device can be used at once by the next engine. */
  crash(what: 'process' | 'power'): CrashReport;
  /** Completes nothing until `resume`. */
  stall(): void;
  resume(): void;
  /** From now on these requests fail with EIO. */
  fail(which: 'nothing' | 'reads' | 'writes' | 'everything'): void;
  /** What reads would see; a checker's view, costing no time. */
  peek(offsetBytes: number, lengthBytes: number): Uint8Array;
  /** Writes that a power cut may undo. */
  readonly unflushedCount: number;
}

export interface CrashReport {
  readonly keptCount: number;
  readonly lostCount: number;
  readonly tornCount: number;
}

/** `data` null: zeroes. */
interface Change {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly data: Uint8Array | null;
}

export function createFaultyDevice(options: FaultyDeviceOptions, dependencies: FaultyDeviceDependencies): FaultyDevice {
  const { schedule, random } = dependencies;
  const { name, sizeBytes } = options;
  const immediately = { defer: (callback: () => void): void => callback() };
  const current = createMemoryDevice(options, immediately);
  const stable = createMemoryDevice(options, immediately);
  let unflushed: Change[] = [];
  const unfinished = new Set<Change>();
  let failing: 'nothing' | 'reads' | 'writes' | 'everything' = 'nothing';
  let stalled: (() => void)[] | null = null;
  /** Counts crashes; completions of an earlier life are dropped. */
  let life = 0;

  const apply = (image: typeof current, change: Change): void => {
    if (change.data === null) image.discard(change.offsetBytes, change.lengthBytes, () => {});
    else image.poke(change.offsetBytes, change.data);
  };
  const applySomeSectors = (image: typeof current, change: Change): void => {
    for (let at = 0; at < change.lengthBytes; at += SECTOR_BYTES) {
      if (random() < 0.5) continue;
      const lengthBytes = Math.min(SECTOR_BYTES, change.lengthBytes - at);
      const data = change.data?.subarray(at, at + lengthBytes) ?? null;
      apply(image, { offsetBytes: change.offsetBytes + at, lengthBytes, data });
    }
  };

  /** Whatever of the change got through sits in the page cache, as volatile as the rest. */
  const keepVolatile = ({ offsetBytes, lengthBytes }: Change): void => {
    unflushed.push({ offsetBytes, lengthBytes, data: current.peek(offsetBytes, lengthBytes) });
  };

  /** Runs `act` after a drawn delay, later when stalled, never after a crash. */
  const later = (act: () => void): void => {
    const started = life;
    const due = (): void => {
      if (started !== life) return;
      if (stalled !== null) stalled.push(due);
      else act();
    };
    schedule(options.delayMinMs + random() * (options.delayMaxMs - options.delayMinMs), due);
  };

  const outcome = (what: string, kind: 'reads' | 'writes', rate = 0) => {
    // Drawn always, so that a rate changed by hand does not shift the rest of the history.
    const unlucky = random() < rate;
    return unlucky || failing === 'everything' || failing === kind
      ? storageError('EIO', `cannot ${what} ${name}: simulated disk error`)
      : null;
  };
  const outOfRange = (offsetBytes: number, lengthBytes: number): boolean =>
    offsetBytes < 0 || offsetBytes + lengthBytes > sizeBytes;

  const change = (what: string, made: Change, done: Completion): void => {
    if (outOfRange(made.offsetBytes, made.lengthBytes)) {
      return later(() => done(storageError('EINVAL', `cannot ${what} beyond the end of ${name}`)));
    }
    unfinished.add(made);
    later(() => {
      unfinished.delete(made);
      const error = outcome(what, 'writes', options.writeErrorRate);
      if (error === null) {
        apply(current, made);
        unflushed.push(made);
      } else if (random() < 0.5) {
        // A failed write may have reached the medium in part.
        applySomeSectors(current, made);
        keepVolatile(made);
      }
      done(error);
    });
  };

  return {
    name,
    kind: 'memory',
    sizeBytes,
    logicalBlockSizeBytes: current.logicalBlockSizeBytes,
    physicalBlockSizeBytes: current.physicalBlockSizeBytes,
    discardSupported: true,
    get unflushedCount() {
      return unflushed.length;
    },
    read(offsetBytes, into, done) {
      later(() => {
        const error = outcome('read', 'reads', options.readErrorRate);
        if (error !== null) return done(error);
        current.read(offsetBytes, into, done);
      });
    },
    write(offsetBytes, pieces, done) {
      const data = Buffer.concat(pieces);
      change('write', { offsetBytes, lengthBytes: data.length, data }, done);
    },
    discard: (offsetBytes, lengthBytes, done) => change('discard', { offsetBytes, lengthBytes, data: null }, done),
    writeZeroes: (offsetBytes, lengthBytes, done) =>
      change('write zeroes to', { offsetBytes, lengthBytes, data: null }, done),
    flush(done) {
      const covered = unflushed.slice();
      later(() => {
        const error = outcome('flush', 'writes', options.flushErrorRate);
        if (error !== null) return done(error);
        const left = new Set(covered);
        for (const made of unflushed) if (left.has(made)) apply(stable, made);
        unflushed = unflushed.filter((made) => !left.has(made));
        done(null);
      });
    },
    close: (done) => later(() => done(null)),
    peek: (offsetBytes, lengthBytes) => current.peek(offsetBytes, lengthBytes),
    stall() {
      stalled ??= [];
    },
    resume() {
      const held = stalled ?? [];
      stalled = null;
      for (const due of held) due();
    },
    fail(which) {
      failing = which;
    },
    crash(what) {
      life += 1;
      stalled = null;
      const report = { keptCount: 0, lostCount: 0, tornCount: 0 };
      const decide = (made: Change, image: typeof current): void => {
        const fate = random();
        if (fate < 0.4) {
          report.keptCount += 1;
          apply(image, made);
        } else if (fate < 0.8 || made.lengthBytes <= SECTOR_BYTES) {
          report.lostCount += 1;
        } else {
          report.tornCount += 1;
          applySomeSectors(image, made);
        }
      };
      if (what === 'process') {
        for (const made of unfinished) {
          decide(made, current);
          keepVolatile(made);
        }
        unfinished.clear();
        return report;
      }
      const touched = [...unflushed, ...unfinished];
      for (const made of touched) decide(made, stable);
      unflushed = [];
      unfinished.clear();
      for (const { offsetBytes, lengthBytes } of touched) {
        current.poke(offsetBytes, stable.peek(offsetBytes, lengthBytes));
      }
      return report;
    },
  };
}
