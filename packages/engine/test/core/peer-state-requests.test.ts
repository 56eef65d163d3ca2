/** What a peer may ask of this node's state, and what it may not. Found by the fuzzer. Source: wire.md 10.1, 5.7. */
import { disconnect } from '../../src/core';
import { Conn, Disk, Role, StateMask, StateResult as SS, packState, type StateFields } from '../../src/wire';
import { NO_STATE } from '../../src/core/state/no-state';
import { Pair } from './pair';

/** Alice is Primary, and answers a request of bob. */
function asked(
  kind: 'StateChgReq' | 'ConnStChgReq',
  mask: number,
  fields: Partial<StateFields>,
): { pair: Pair; retcode: number } {
  const pair = new Pair().upToDate();
  expect(pair.alice.primary()).toBe(1);
  const { connection, peerDevice } = pair.bob;
  const value = packState({ ...NO_STATE, ...fields });
  const retcode = pair.bob.code((done) =>
    connection.stateRequests.request(kind === 'StateChgReq' ? peerDevice : 'connection', mask, value, done),
  );
  return { pair, retcode };
}

test.each([
  ['StateChgReq', 'a connection state that nobody asks for', StateMask.conn, { conn: Conn.SyncSource }],
  ['StateChgReq', 'StandAlone', StateMask.conn, { conn: Conn.StandAlone }],
  ['ConnStChgReq', 'StandAlone', StateMask.conn, { conn: Conn.StandAlone }],
  ['ConnStChgReq', 'no connection state at all', 0, {}],
  ['StateChgReq', "this node's role", StateMask.peer, { peer: Role.Secondary }],
  ['StateChgReq', "this node's disk, Failed", StateMask.pdsk, { pdsk: Disk.Failed }],
  ['StateChgReq', 'a disk state that does not exist', StateMask.disk, { disk: 12 }],
] as const)('%s for %s is refused, and changes nothing', (kind, _what, mask, fields) => {
  const { pair, retcode } = asked(kind, mask, fields);
  expect(retcode).toBe(SS.SS_NOT_SUPPORTED);
  expect(pair.nodes.map(({ states }) => states)).toEqual(['1/2 10 8/8', '2/1 10 8/8']);
});

test('a peer disconnects with a request for one volume below protocol 100', () => {
  const pair = new Pair({ version: 96 }).upToDate();
  expect(pair.bob.code((done) => disconnect(pair.bob.connection, 'graceful', done))).toBe(1);
  pair.run(500);
  expect(pair.alice.log).toContain('TearDown: the peer disconnects');
  expect(pair.alice.peerDevice.conn).toBe(Conn.WFConnection);
});

test.each([{ role: 3 }, { disk: 9 }, { pdsk: 15 }, { conn: 31 }])(
  'P_STATE with %p, which does not exist, costs the connection',
  (fields) => {
    const pair = new Pair().upToDate();
    const plain = { ...NO_STATE, role: Role.Secondary, peer: Role.Secondary, conn: Conn.Connected, disk: 8, pdsk: 8 };
    pair.bob.connection.sendData({ kind: 'State', volume: 0, state: packState({ ...plain, ...fields }) });
    pair.run(100);
    expect(pair.alice.log).toContain('ProtocolError: unexpected State packet');
    expect(pair.alice.device.diskState).toBe(Disk.UpToDate);
  },
);
