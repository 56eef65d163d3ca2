/**
 * A peer that does not offer versions and features first, or that sends what was not agreed. Source: wire.md 2 (never send
 * what the agreed features do not allow), 3 (wrong command or wrong length: fatal).
 */
import { Conn, FEATURES_ALL, Feature, type Packet } from '../../src/wire';
import { Pair } from './pair';

test('a first packet that is no offer ends in StandAlone, and nobody dials again', () => {
  const pair = new Pair().attach();
  const { alice, bob } = pair;
  bob.says = (packet) => (packet.kind === 'ConnectionFeatures' ? { kind: 'State', volume: 0, state: 0 } : packet);
  pair.connect();
  pair.run(5000);
  expect(alice.connection.conn).toBe(Conn.StandAlone);
  expect(alice.log.join('\n')).toContain('expected P_CONNECTION_FEATURES of 72 bytes, received P_STATE of 4 bytes');
  expect(alice.sentKinds().filter((kind) => kind === 'ConnectionFeatures').length).toBe(1);
});

test.each<[string, string, number, Packet]>([
  [
    'P_TRIM',
    'TRIM',
    Feature.TRIM,
    { kind: 'Trim', volume: 0, sector: 0, blockId: 1n, seq: 1, flags: 0, sizeBytes: 4096 },
  ],
  [
    'P_RS_DEALLOCATED',
    'THIN_RESYNC',
    Feature.THIN_RESYNC,
    { kind: 'RsDeallocated', volume: 0, sector: 0, sizeBytes: 4096 },
  ],
])('%s without %s costs its connection, once, and touches no disk', (packet, feature, flag, message) => {
  const pair = new Pair({ featureFlags: FEATURES_ALL & ~flag }).upToDate();
  const { alice, bob } = pair;
  bob.poke(0, 7);
  let lost = 0;
  alice.connection.sendData(message);
  pair.run(500, () => {
    if (bob.connection.conn < Conn.WFReportParams) lost++;
    return lost > 0;
  });
  expect(lost).toBe(1);
  expect(bob.log.join('\n')).toContain(`ProtocolError: ${packet} without the feature ${feature}`);
  expect(bob.peek(0)).toEqual([7]);
  pair.run(5000, () => bob.peerDevice.conn === Conn.Connected);
  expect(bob.peerDevice.conn).toBe(Conn.Connected);
});
