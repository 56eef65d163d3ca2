/** The disk under an activity log is lost while requests wait for it. */
import { ActivityLog } from './activity-log';

let transactions: (() => void)[];
let evictions: (() => void)[];
let log: ActivityLog;
let granted: string[];

beforeEach(() => {
  transactions = [];
  evictions = [];
  granted = [];
  log = new ActivityLog(2, {
    beforeEviction: (_extents, done) => evictions.push(done),
    writeTransaction: (_transaction, done) => transactions.push(done),
  });
});

const acquire = (name: string, extent: number): boolean => log.acquire(extent, extent, () => granted.push(name));

test('who waits for a transaction, or for the next one, goes on once, however the transaction ends', () => {
  expect(acquire('in the transaction', 1)).toBe(false);
  expect(acquire('behind it', 2)).toBe(false);
  log.abandon();
  expect(granted).toEqual(['in the transaction', 'behind it']);
  for (const done of transactions) done();
  log.abandon();
  expect(granted).toEqual(['in the transaction', 'behind it']);
});

test('who waits for an eviction goes on, and what was to be written then is not', () => {
  for (const extent of [1, 2]) {
    acquire(`extent ${extent}`, extent);
    transactions.pop()?.();
    log.release(extent, extent);
  }
  expect(acquire('evicting', 3)).toBe(false);
  expect(evictions).toHaveLength(1);
  log.abandon();
  expect(granted).toEqual(['extent 1', 'extent 2', 'evicting']);
  evictions[0]?.();
  expect(transactions).toEqual([]);
});

test('later requests do not wait, and releases of what was hot before are nothing', () => {
  acquire('before', 1);
  transactions.pop()?.();
  log.abandon();
  expect(acquire('after', 7)).toBe(true);
  log.release(1, 1);
  log.release(7, 7);
  log.release(7, 7);
  expect(granted).toEqual(['before']);
});
