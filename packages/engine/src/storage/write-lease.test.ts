import type { DiskCallDone, DiskThread } from './disk-thread';
import { createWriteLease, LEASE_MS, type WriteLease } from './write-lease';

let nowMs: number;
let writing: number;
let maintaining: number;
let probes: DiskCallDone[];
let lease: WriteLease;

beforeEach(() => {
  nowMs = 1000;
  writing = 0;
  maintaining = 0;
  probes = [];
  const prober: Pick<DiskThread, 'probe'> = { probe: (_fd, _offset, _into, done) => void probes.push(done) };
  lease = createWriteLease(
    { probeFd: 99 },
    {
      prober: () => prober as DiskThread,
      writingCount: () => writing,
      maintainingCount: () => maintaining,
      nowMs: () => nowMs,
    },
  );
});
const answerProbe = (afterMs: number, result = 4096): void => {
  nowMs += afterMs;
  probes.shift()?.(result);
};

test('nothing is written at once before the disk has answered a probe', () => {
  expect(lease.decide(0, 4096)).toBe('on-thread');
  expect(probes.length).toBe(1);
  expect(lease.decide(0, 4096)).toBe('on-thread');
  answerProbe(1);
  expect(lease.decide(0, 4096)).toBe('at-once');
});

test('a lease ends by itself when the disk stops answering', () => {
  lease.decide(0, 4096);
  answerProbe(1);
  nowMs += LEASE_MS / 2;
  expect(lease.decide(0, 4096)).toBe('at-once'); // and sends a probe, which is never answered
  expect(probes.length).toBe(1);
  nowMs += 10_000;
  expect(lease.decide(0, 4096)).toBe('on-thread');
  expect(probes.length).toBe(1);
});

test.each([
  ['a slow answer', 60, 4096],
  ['a failed probe', 1, -5],
])('%s gives no lease', (_, afterMs, result) => {
  lease.decide(0, 4096);
  answerProbe(afterMs, result);
  expect(lease.decide(0, 4096)).toBe('on-thread');
  expect(probes.length).toBe(0); // the disk is left alone
  nowMs += 1000;
  expect(lease.decide(0, 4096)).toBe('on-thread');
  answerProbe(1);
  expect(lease.decide(0, 4096)).toBe('at-once');
});

test('a flush under way sends writes to the thread; earlier writes there hold them', () => {
  lease.decide(0, 4096);
  answerProbe(1);
  maintaining = 1;
  expect(lease.decide(0, 4096)).toBe('on-thread');
  maintaining = 0;
  writing = 3;
  expect(lease.decide(0, 4096)).toBe('hold');
  writing = 0;
  expect(lease.decide(0, 4096)).toBe('at-once');
});

test('long writes and parts of pages go to the thread', () => {
  lease.decide(0, 4096);
  answerProbe(1);
  expect(lease.decide(0, 128 * 1024)).toBe('on-thread');
  expect(lease.decide(512, 4096)).toBe('on-thread');
  expect(lease.decide(0, 512)).toBe('on-thread');
  expect(lease.decide(4096, 8192)).toBe('at-once');
});

test('an idle device is not probed', () => {
  lease.decide(0, 4096);
  answerProbe(1);
  nowMs += 60_000;
  expect(probes.length).toBe(0);
});
