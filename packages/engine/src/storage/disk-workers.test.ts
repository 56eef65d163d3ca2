import { createDiskThread } from './disk-thread';
import type { DiskCall, DiskWorker } from './disk-worker';
import { createDiskWorkers, WORKER_COUNT } from './disk-workers';

/** Workers that finish nothing until told. */
class FakeWorker implements DiskWorker {
  isDead = false;
  readonly calls: DiskCall[] = [];
  held = false;
  ended = false;
  submit(call: DiskCall): void {
    this.calls.push(call);
  }
  hold(how: 'the process' | 'nothing'): void {
    this.held = how === 'the process';
  }
  end(): void {
    this.ended = true;
  }
  finish(): void {
    this.calls.shift()?.done(0);
  }
}

function pool() {
  const started: FakeWorker[] = [];
  const workers = createDiskWorkers({
    start: () => {
      const worker = new FakeWorker();
      started.push(worker);
      return worker;
    },
  });
  return { started, thread: (fd: number) => createDiskThread(fd, workers) };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('a worker is borrowed while calls are under way, and serves the next device afterwards', () => {
  const { started, thread } = pool();
  const [a, b] = [thread(3), thread(4)];
  a.flush(() => undefined);
  a.flush(() => undefined);
  expect(started).toHaveLength(1);
  expect(started[0]).toMatchObject({ held: true });
  started[0]?.finish();
  expect(a.pendingCount).toBe(1);
  started[0]?.finish();
  expect(started[0]).toMatchObject({ held: false });
  b.flush(() => undefined);
  expect(started).toHaveLength(1);
  expect(started[0]?.calls.map(({ fd }) => fd)).toEqual([4]);
});

test('devices wait for a worker when there are many', () => {
  const { started, thread } = pool();
  for (let fd = 1; fd <= WORKER_COUNT + 3; fd++) thread(fd).flush(() => undefined);
  expect(started).toHaveLength(WORKER_COUNT);
  for (let round = 0; round < 3; round++) {
    started[0]?.finish();
    expect(started[0]?.calls.map(({ fd }) => fd)).toEqual([WORKER_COUNT + 1 + round]);
    jest.advanceTimersByTime(190);
  }
  expect(started).toHaveLength(WORKER_COUNT);
});

test('behind disks that hang one more is started at a time', () => {
  const { started, thread } = pool();
  for (let fd = 1; fd <= WORKER_COUNT + 3; fd++) thread(fd).flush(() => undefined);
  jest.advanceTimersByTime(200);
  expect(started).toHaveLength(WORKER_COUNT + 1);
  // It answers, and serves those who still wait.
  const last = started[WORKER_COUNT];
  last?.finish();
  last?.finish();
  last?.finish();
  jest.advanceTimersByTime(10_000);
  expect(started).toHaveLength(WORKER_COUNT + 1);
});

test('workers that nobody needed for a while leave, all but a few', () => {
  const { started, thread } = pool();
  const threads = Array.from({ length: 10 }, (_, fd) => thread(fd));
  for (const each of threads) each.flush(() => undefined);
  for (const worker of started) worker.finish();
  jest.advanceTimersByTime(60_000);
  expect(started.filter(({ ended }) => ended)).toHaveLength(8);
  threads[0]?.flush(() => undefined);
  expect(started).toHaveLength(10);
  expect(started.filter(({ held }) => held).map(({ ended }) => ended)).toEqual([false]);
});

test('a worker that died is not lent again', () => {
  const { started, thread } = pool();
  const a = thread(3);
  a.flush(() => undefined);
  const [first] = started as [FakeWorker];
  first.isDead = true;
  first.finish();
  a.flush(() => undefined);
  expect(started).toHaveLength(2);
  expect(started[1]?.calls).toHaveLength(1);
});

test('stop waits for the last call', () => {
  const { started, thread } = pool();
  const a = thread(3);
  const told: string[] = [];
  a.flush(() => told.push('flushed'));
  a.stop(() => told.push('stopped'));
  started[0]?.finish();
  expect(told).toEqual(['flushed', 'stopped']);
});
