import { shareMemory, holderCount } from '../../payload';
import { createFaultyDevice, type FaultyDevice } from '../../storage/faulty-device';
import type { DiskError } from '../host';
import { SimClock } from '../../sim/clock';
import { TimedDevice } from './timed-device';

const LIMIT_MS = 2000;

interface Scene {
  readonly clock: SimClock;
  readonly raw: FaultyDevice;
  readonly timed: TimedDevice;
  readonly expired: DiskError[];
  timeoutMs: number;
}

/** A disk that hangs from now on, if it does not answer at once. */
function scene(timeoutMs = LIMIT_MS): Scene {
  const clock = new SimClock();
  const raw = createFaultyDevice(
    { name: 'sda', sizeBytes: 1024 * 1024, delayMinMs: 1, delayMaxMs: 1 },
    { schedule: (delayMs, run) => void clock.schedule(delayMs, run), random: () => 0.5 },
  );
  const timed = new TimedDevice(raw);
  const expired: DiskError[] = [];
  const result: Scene = { clock, raw, timed, expired, timeoutMs };
  timed.watchFor({
    nowMs: clock.nowMs,
    after: (delayMs, run) => {
      const entry = clock.schedule(delayMs, run);
      return { cancel: () => void (entry.cancelled = true) };
    },
    timeoutMs: () => result.timeoutMs,
    expired: (error) => {
      expired.push(error);
      timed.giveUp(error);
    },
  });
  return result;
}

test('a request that is answered in time is answered once, and nothing expires', () => {
  const { clock, timed, expired } = scene();
  const answers: (DiskError | null)[] = [];
  timed.write(0, [new Uint8Array(512).fill(1)], (error) => answers.push(error));
  clock.run(10 * LIMIT_MS);
  expect(answers).toEqual([null]);
  expect(expired).toEqual([]);
});

test('a disk that hangs is given up after the limit; its late answers reach nobody', () => {
  const { clock, raw, timed, expired } = scene();
  const answers: string[] = [];
  const note =
    (what: string) =>
    (error: DiskError | null): void =>
      void answers.push(`${what} ${error?.code ?? 'ok'}`);
  const into = new Uint8Array(512).fill(9);
  raw.stall();
  timed.write(0, [new Uint8Array(512).fill(1)], note('write'));
  timed.read(0, into, note('read'));
  timed.flush(note('flush'));
  timed.discard(0, 512, note('discard'));
  timed.writeZeroes(0, 512, note('zeroes'));
  clock.run(LIMIT_MS - 1);
  expect(answers).toEqual([]);
  clock.run(LIMIT_MS + 500);
  const all = ['write', 'read', 'flush', 'discard', 'zeroes'].map((what) => `${what} ETIMEDOUT`);
  expect(answers).toEqual(all);
  expect(expired.map(({ message }) => message)).toEqual(['sda: no answer within disk-timeout (2 s)']);
  raw.resume();
  clock.run(10 * LIMIT_MS);
  expect(answers).toEqual(all);
  // The asker may have filled it from elsewhere meanwhile.
  expect([...new Set(into)]).toEqual([9]);
});

test('what a hung disk may still read from memory is held until it answers', () => {
  const { clock, raw, timed } = scene();
  const chunk = new ArrayBuffer(512);
  shareMemory(chunk, () => undefined);
  raw.stall();
  timed.write(0, [new Uint8Array(chunk)], () => undefined);
  expect(holderCount(chunk)).toBe(1);
  clock.run(2 * LIMIT_MS);
  expect(holderCount(chunk)).toBe(2);
  raw.resume();
  clock.run(3 * LIMIT_MS);
  expect(holderCount(chunk)).toBe(1);
});

test('after it was given up a disk is asked for nothing', () => {
  const { clock, raw, timed } = scene();
  raw.stall();
  timed.flush(() => undefined);
  clock.run(2 * LIMIT_MS);
  raw.resume();
  const answers: (string | undefined)[] = [];
  timed.write(0, [new Uint8Array(512).fill(7)], (error) => answers.push(error?.code));
  expect(answers).toEqual([]);
  clock.run(3 * LIMIT_MS);
  expect(answers).toEqual(['ETIMEDOUT']);
  expect([...new Set(raw.peek(0, 512))]).toEqual([0]);
});

test('a disk that is slow but always answers is kept, whatever is under way', () => {
  const { clock, raw, timed, expired } = scene();
  for (let round = 0; round < 20; round++) {
    raw.stall();
    timed.flush(() => undefined);
    clock.run(clock.nowMs() + LIMIT_MS - 100);
    raw.resume();
    timed.flush(() => undefined);
    clock.run(clock.nowMs() + 50);
  }
  expect(expired).toEqual([]);
});

test('without a limit a disk may hang for ever; a limit set later holds for what begins later', () => {
  const its = scene(0);
  const answers: string[] = [];
  its.raw.stall();
  its.timed.flush((error) => answers.push(`first ${error?.code ?? 'ok'}`));
  its.clock.run(100 * LIMIT_MS);
  expect(its.expired).toEqual([]);
  its.timeoutMs = LIMIT_MS;
  its.timed.flush((error) => answers.push(`second ${error?.code ?? 'ok'}`));
  its.clock.run(102 * LIMIT_MS);
  expect(answers).toEqual(['second ETIMEDOUT']);
});
