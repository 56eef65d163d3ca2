/** What status and events2 tell of a resource. Source of the fields: setup.md 2.5, 4.1, 6. */
import { demote } from '../../src/core';
import { resourceState } from '../../src/daemon/snapshot';
import { StateResult as SS } from '../../src/wire';
import { Pair, type PairNode } from './pair';

const MIB = 1024 * 1024;

const told = ({ resource }: PairNode) => {
  const state = resourceState(resource, { pathsOf: () => [], nowMs: resource.host.nowMs });
  const [device] = state.devices;
  const [connection] = state.connections;
  return { ...state, device: device?.statistics, connection, peer: connection?.peerDevices[0]?.statistics };
};

test('force-io-failures: from a forced demotion until the last close, and nobody promotes meanwhile', () => {
  const { alice } = new Pair().upToDate();
  expect(alice.primary()).toBe(SS.SS_SUCCESS);
  alice.device.writeOpeners = 2;
  expect(alice.code((done) => demote(alice.resource, 'plain', done))).toBe(SS.SS_DEVICE_IN_USE);
  expect(told(alice).forceIoFailures).toBe(false);
  expect(alice.code((done) => demote(alice.resource, 'forced', done))).toBe(SS.SS_SUCCESS);
  expect(told(alice)).toMatchObject({ role: 'Secondary', forceIoFailures: true });

  alice.device.writeOpeners = 1;
  alice.resource.closed();
  expect(told(alice).forceIoFailures).toBe(true);
  expect(alice.primary('forced')).toBe(SS.SS_DEVICE_IN_USE);
  alice.device.writeOpeners = 0;
  alice.resource.closed();
  expect(told(alice).forceIoFailures).toBe(false);
  expect(alice.primary()).toBe(SS.SS_SUCCESS);
});

test('force-io-failures: not where nobody has it open', () => {
  const { alice } = new Pair().upToDate();
  expect(alice.primary()).toBe(SS.SS_SUCCESS);
  expect(alice.code((done) => demote(alice.resource, 'forced', done))).toBe(SS.SS_SUCCESS);
  expect(told(alice).forceIoFailures).toBe(false);
});

test.each([
  [{}, 'flush', false],
  [{ 'disk-flushes': false }, 'drain', false],
  [{ 'al-updates': false }, 'flush', true],
] as const)('write-ordering and al-suspended with %j', (disk, writeOrdering, alSuspended) => {
  const { alice } = new Pair({ disk }).upToDate();
  expect(told(alice)).toMatchObject({ writeOrdering, device: { alSuspended } });
});

test('al-suspended: not without a disk', () => {
  expect(told(new Pair({ disk: { 'al-updates': false } }).alice).device?.alSuspended).toBe(false);
});

test.each([
  ['A', 0],
  ['C', 1],
] as const)('protocol %s: a write that the peer has not answered is pending %d times', (protocol, pendingCount) => {
  const pair = new Pair({ net: { protocol } }).upToDate();
  const { alice, bob } = pair;
  expect(alice.primary()).toBe(SS.SS_SUCCESS);
  bob.loses = ({ kind }) => kind === 'WriteAck' || kind === 'BarrierAck';
  alice.write(0, 1);
  pair.run(50);
  expect(told(alice)).toMatchObject({
    connection: { apInFlightSectors: 8 },
    peer: { pendingCount },
    device: { lowerPendingCount: 0, upperPendingCount: pendingCount },
  });
});

test('congested: while the peer takes less than is sent', () => {
  const pair = new Pair({ diskBytes: 16 * MIB, net: { protocol: 'A' } }).upToDate();
  const { alice } = pair;
  expect(alice.primary()).toBe(SS.SS_SUCCESS);
  expect(told(alice).connection?.congested).toBe(false);
  alice.unsentBytes = 2 * MIB;
  expect(told(alice).connection?.congested).toBe(true);
  alice.unsentBytes = 4096;
  expect(told(alice).connection?.congested).toBe(false);
});
