/** Fencing, I/O that is held, and what lets it go. Source: behaviour.md 1.5, 5.6, 8, 12.5; story 33. */
import { disconnect, resumeByAdministrator, suspendByAdministrator } from '../../src/core';
import { loseDisk } from '../../src/core/device/detach';
import { Conn, Disk, StateResult as SS } from '../../src/wire';
import { Pair, type PairOptions } from './pair';

const CONNECTED = ['1/2 10 8/8', '2/1 10 8/8'];
const states = (pair: Pair): string[] => pair.nodes.map((node) => node.states);
const count = (list: readonly string[], name: string): number => list.filter((entry) => entry === name).length;

function primary(options: PairOptions): Pair {
  const pair = new Pair(options).upToDate();
  expect(pair.alice.primary()).toBe(1);
  pair.alice.write(0, 1);
  pair.run(200);
  expect(states(pair)).toEqual(CONNECTED);
  return pair;
}

const lose = (pair: Pair, waitMs = 200): void => {
  pair.network.unplug('with-reset');
  pair.run(waitMs);
};

const heal = (pair: Pair): void => {
  pair.network.plug();
  pair.run(4000);
};

const data = (pair: Pair, sector: number): number[][] => pair.nodes.map((node) => node.peek(sector));

describe('resource-only', () => {
  test.each([
    [3, Disk.Inconsistent],
    [4, Disk.Outdated],
    [5, Disk.Outdated],
    [7, Disk.Outdated],
    [1, Disk.DUnknown],
    [6, Disk.DUnknown],
  ])('fence-peer exits %i: the peer disk is %i, I/O never stops', (exitCode, pdsk) => {
    const pair = primary({ net: { fencing: 'resource-only' }, handlers: { 'fence-peer': exitCode } });
    const { alice, bob } = pair;
    const uuid = alice.peerDevice.uuids.current;
    lose(pair);
    expect(count(alice.handlers, 'fence-peer')).toBe(1);
    expect(count(bob.handlers, 'fence-peer')).toBe(0);
    expect(alice.peerDevice.pdsk).toBe(pdsk);
    expect(alice.device.diskState).toBe(Disk.UpToDate);
    expect(alice.peerDevice.uuids.current).not.toBe(uuid);
    const result = alice.write(80, 7);
    pair.run(50);
    expect(result.error).toBeNull();
    heal(pair);
    expect(states(pair)).toEqual(CONNECTED);
    expect(data(pair, 80)).toEqual([[7], [7]]);
    expect(count(alice.handlers, 'unfence-peer')).toBe(1);
  });

  test('a Secondary that leaves in good order is Outdated, without the handler, and cannot be promoted', () => {
    const pair = primary({ net: { fencing: 'resource-only' } });
    const { alice, bob } = pair;
    expect(bob.code((done) => disconnect(bob.connection, 'graceful', done))).toBe(1);
    pair.run(200);
    expect(alice.peerDevice.pdsk).toBe(Disk.Outdated);
    expect(bob.device.diskState).toBe(Disk.Outdated);
    expect(count(alice.handlers, 'fence-peer')).toBe(0);
    expect(bob.primary()).toBe(SS.SS_NO_UP_TO_DATE_DISK);
    bob.connection.connect();
    pair.run(4000);
    expect(states(pair)).toEqual(CONNECTED);
  });
});

describe('promotion while the peer is away', () => {
  const alone = (exitCode: number): Pair => {
    const pair = new Pair({ net: { fencing: 'resource-only' }, handlers: { 'fence-peer': exitCode } }).upToDate();
    for (const { connection } of pair.nodes) connection.disconnectHard();
    pair.run(100);
    return pair;
  };
  test('a handler that fails is asked four times: -7', () => {
    const { alice } = alone(1);
    expect(alice.primary()).toBe(SS.SS_PRIMARY_NOP);
    expect(count(alice.handlers, 'fence-peer')).toBe(4);
  });
  test('a fenced peer is Outdated: promoted', () => {
    const { alice } = alone(4);
    expect(alice.primary()).toBe(1);
    expect(count(alice.handlers, 'fence-peer')).toBe(1);
    expect(alice.states).toBe('1/0 0 8/5');
  });
  test('a peer that is Primary: this disk is Outdated, -2', () => {
    const { alice } = alone(6);
    expect(alice.primary()).toBe(SS.SS_NO_UP_TO_DATE_DISK);
    expect(alice.device.diskState).toBe(Disk.Outdated);
  });
  test('--force goes on without', () => {
    const { alice } = alone(1);
    expect(alice.primary('forced')).toBe(1);
    expect(alice.states).toBe('1/0 0 8/5');
  });
  test('a disk that is only Consistent becomes UpToDate by a fenced peer', () => {
    const pair = new Pair({ net: { fencing: 'resource-only' }, handlers: { 'fence-peer': 4 } }).upToDate();
    const { alice, bob } = pair;
    bob.kill();
    alice.kill();
    alice.attach();
    expect(alice.device.diskState).toBe(Disk.Consistent);
    expect(alice.primary()).toBe(1);
    expect(alice.states).toBe('1/0 0 8/5');
  });
});

describe('resource-and-stonith', () => {
  const stonith = (exitCode: number): Pair =>
    primary({ net: { fencing: 'resource-and-stonith' }, handlers: { 'fence-peer': exitCode } });

  test('I/O is held until the peer is fenced; then a new generation, and on', () => {
    const pair = stonith(7);
    const { alice } = pair;
    const uuid = alice.peerDevice.uuids.current;
    const inFlight = alice.write(80, 7);
    lose(pair, 5);
    const later = alice.write(88, 8);
    expect(alice.resource.suspended.fencing).toBe(true);
    expect(alice.peerDevice.uuids.current).toBe(uuid);
    expect([inFlight.error, later.error]).toEqual([undefined, undefined]);
    pair.run(200);
    expect(alice.resource.isSuspended).toBe(false);
    expect([inFlight.error, later.error]).toEqual([null, null]);
    expect(alice.peerDevice.pdsk).toBe(Disk.Outdated);
    expect(alice.peerDevice.uuids.current).not.toBe(uuid);
    heal(pair);
    expect(states(pair)).toEqual(CONNECTED);
    expect(data(pair, 80)).toEqual([[7], [7]]);
    expect(data(pair, 88)).toEqual([[8], [8]]);
  });

  test('a handler that fails: held until the peer is back; the writes are sent again, nothing is resynced', () => {
    const pair = stonith(1);
    const { alice, bob } = pair;
    const uuid = alice.peerDevice.uuids.current;
    pair.network.unplug('silently');
    const inFlight = [alice.write(80, 7), alice.write(96, 6)];
    pair.run(20);
    pair.network.unplug('with-reset');
    pair.run(100);
    const later = alice.write(88, 8);
    pair.run(3000);
    expect(alice.resource.suspended.fencing).toBe(true);
    expect([...inFlight, later].map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    expect(bob.peek(80)).toEqual([0]);
    alice.sent.length = bob.sent.length = 0;
    heal(pair);
    expect(alice.resource.isSuspended).toBe(false);
    expect([...inFlight, later].map(({ error }) => error)).toEqual([null, null, null]);
    expect(alice.peerDevice.uuids.current).toBe(uuid);
    expect(bob.sentKinds()).not.toContain('RsDataRequest');
    for (const [sector, fill] of [
      [80, 7],
      [96, 6],
      [88, 8],
    ] as const)
      expect(data(pair, sector)).toEqual([[fill], [fill]]);
    expect(states(pair)).toEqual(CONNECTED);
    expect(pair.nodes.map(({ peerDevice }) => peerDevice.outOfSyncBits)).toEqual([0, 0]);
  });

  test('a peer that restarted meanwhile is resynced, not trusted', () => {
    const pair = stonith(1);
    const { alice, bob } = pair;
    pair.network.unplug('silently');
    const inFlight = alice.write(80, 7);
    pair.run(20);
    bob.kill();
    pair.network.unplug('with-reset');
    pair.run(500);
    expect(alice.resource.suspended.fencing).toBe(true);
    bob.attach();
    expect(bob.device.diskState).toBe(Disk.Consistent);
    bob.connection.connect();
    heal(pair);
    pair.run(4000);
    expect(inFlight.error).toBeNull();
    expect(states(pair)).toEqual(CONNECTED);
    expect(data(pair, 80)).toEqual([[7], [7]]);
  });

  test('what the peer acknowledged and lost with its power comes again', () => {
    for (let seed = 1; seed < 9; seed++) {
      const pair = primary({ net: { fencing: 'resource-and-stonith' }, handlers: { 'fence-peer': 1 }, seed });
      const { alice, bob } = pair;
      const write = alice.write(80, 7);
      pair.run(100, () => write.error === null);
      bob.kill('power-cut');
      pair.run(3000);
      expect(alice.resource.suspended.fencing).toBe(true);
      bob.attach();
      bob.connection.connect();
      pair.run(8000);
      expect(states(pair)).toEqual(CONNECTED);
      expect(data(pair, 80)).toEqual([[7], [7]]);
    }
  });

  test('resume-io goes on alone', () => {
    const pair = stonith(1);
    const { alice } = pair;
    const uuid = alice.peerDevice.uuids.current;
    lose(pair);
    const write = alice.write(80, 7);
    pair.run(100);
    expect(write.error).toBeUndefined();
    resumeByAdministrator(alice.resource);
    pair.run(100);
    expect(write.error).toBeNull();
    expect(alice.peerDevice.uuids.current).not.toBe(uuid);
    heal(pair);
    expect(states(pair)).toEqual(CONNECTED);
    expect(data(pair, 80)).toEqual([[7], [7]]);
  });

  test('the result of a handler that was too slow does not count', () => {
    const pair = stonith(4);
    const { alice } = pair;
    lose(pair, 3);
    pair.network.plug();
    alice.connection.connect();
    pair.clock.run(pair.clock.nowMs() + 15);
    pair.run(3000);
    expect(states(pair)).toEqual(CONNECTED);
  });
});

describe('on-no-data-accessible', () => {
  const blind = (policy: string): Pair => {
    const pair = primary({ resource: { 'on-no-data-accessible': policy } });
    loseDisk(pair.alice.device);
    pair.run(100);
    const diskless = pair.alice.write(40, 4);
    pair.run(100);
    expect(diskless.error).toBeNull();
    return pair;
  };
  const read = (pair: Pair, sector: number) => {
    const into = new Uint8Array(4096);
    const result: { error: string | null | undefined; into: Uint8Array } = { error: undefined, into };
    pair.alice.device.reads.submit(sector, into, (error) => (result.error = error));
    return result;
  };

  test('io-error: reads and writes fail', () => {
    const pair = blind('io-error');
    lose(pair);
    const [write, got] = [pair.alice.write(80, 7), read(pair, 40)];
    pair.run(100);
    expect([write.error, got.error]).toEqual(['EIO', 'EIO']);
  });

  test('suspend-io: all is held, also what was under way, and done when the peer is back', () => {
    const pair = blind('suspend-io');
    const { alice, bob } = pair;
    pair.network.unplug('silently');
    const [write, got] = [alice.write(80, 7), read(pair, 40)];
    pair.run(20);
    lose(pair);
    const [later, gotLater] = [alice.write(88, 8), read(pair, 0)];
    pair.run(500);
    expect(alice.resource.suspended.noData).toBe(true);
    expect([write, got, later, gotLater].map(({ error }) => error)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    heal(pair);
    expect([write, got, later, gotLater].map(({ error }) => error)).toEqual([null, null, null, null]);
    expect(got.into[0]).toBe(4);
    expect(gotLater.into[0]).toBe(1);
    expect([bob.peek(80), bob.peek(88)]).toEqual([[7], [8]]);
    expect(alice.resource.isSuspended).toBe(false);
  });

  test('suspend-io, then resume-io: what has no data anywhere fails', () => {
    const pair = blind('suspend-io');
    lose(pair);
    const [write, got] = [pair.alice.write(80, 7), read(pair, 40)];
    pair.run(100);
    expect([write.error, got.error]).toEqual([undefined, undefined]);
    resumeByAdministrator(pair.alice.resource);
    pair.run(100);
    expect([write.error, got.error]).toEqual(['EIO', 'EIO']);
  });
});

test('suspend-io waits for what is under way, holds the rest; resume-io lets it go', () => {
  const pair = primary({});
  const { alice } = pair;
  const first = alice.write(80, 7);
  let settled = false;
  suspendByAdministrator(alice.resource, () => (settled = true));
  const second = alice.write(88, 8);
  expect(settled).toBe(false);
  pair.run(200);
  expect([settled, first.error, second.error]).toEqual([true, null, undefined]);
  resumeByAdministrator(alice.resource);
  pair.run(100);
  expect(second.error).toBeNull();
});

describe('rr-conflict: a Primary would become target', () => {
  /** Bob was promoted and wrote while alice, still Primary, did not. */
  const conflict = (policy: string): Pair => {
    const pair = new Pair({ net: { 'rr-conflict': policy } }).upToDate();
    const { alice, bob } = pair;
    for (const { connection } of pair.nodes) connection.disconnectHard();
    expect(bob.primary()).toBe(1);
    bob.write(80, 9);
    pair.run(200);
    expect(bob.secondary()).toBe(1);
    // Primary without a generation of its own, as after a promotion that wrote nothing under DRBD 9.
    alice.resource.role = 1;
    for (const { connection } of pair.nodes) connection.connect();
    pair.run(5000);
    return pair;
  };
  test('disconnect', () => {
    const { alice } = conflict('disconnect');
    expect(alice.connection.conn).toBe(Conn.StandAlone);
    expect(count(alice.handlers, 'pri-lost')).toBe(0);
  });
  test('call-pri-lost calls pri-lost, then as disconnect', () => {
    const { alice } = conflict('call-pri-lost');
    expect(alice.connection.conn).toBe(Conn.StandAlone);
    expect(count(alice.handlers, 'pri-lost')).toBe(1);
  });
  test('violently goes on', () => {
    const { alice } = conflict('violently');
    expect(alice.states).toBe('1/2 10 8/8');
    expect(alice.peek(80)).toEqual([9]);
  });
  test('retry-connect keeps trying', () => {
    const { alice, bob } = conflict('retry-connect');
    expect(alice.connection.conn).not.toBe(Conn.StandAlone);
    expect(alice.log.filter((text) => text.includes('I am primary!')).length).toBeGreaterThan(2);
    expect(bob.connection.conn).not.toBe(Conn.StandAlone);
  });
});
