import { lastResync } from './last-resync';

const announcement = (role: string, kib: number): string =>
  `drbd r0/0 drbd0: Began resync as ${role} (will sync ${kib} KB [${kib / 4} bits set]).\n`;

describe('lastResync', () => {
  test('is the newest', () => {
    const log = announcement('SyncSource', 20) + announcement('SyncTarget', 4096);
    expect(lastResync(log)).toEqual({ role: 'SyncTarget', kib: 4096 });
  });

  test('an empty one behind it does not hide it', () => {
    const log = announcement('SyncSource', 4100) + announcement('SyncSource', 0);
    expect(lastResync(log)).toEqual({ role: 'SyncSource', kib: 4100 });
  });

  test('is none without an announcement, and none when all are empty', () => {
    expect(lastResync('')).toBeNull();
    expect(lastResync(announcement('SyncTarget', 0))).toBeNull();
  });
});
