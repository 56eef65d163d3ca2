/** The handler `disconnected`. Source: behaviour.md 10.3; when it runs, and that it does without a link too: drbd 9.2.18, story 05. */
import { disconnect } from '../../src/core';
import { Conn } from '../../src/wire';
import { Pair } from './pair';

const calls = (pair: Pair): number[] =>
  pair.nodes.map(({ handlers }) => handlers.filter((handler) => handler === 'disconnected').length);

test('runs on both sides when the link breaks', () => {
  const pair = new Pair().upToDate();
  pair.network.unplug('with-reset');
  pair.run(200);
  expect(calls(pair)).toEqual([1, 1]);
});

test('runs on both sides of a disconnect, and when a search for the peer is given up', () => {
  const pair = new Pair().upToDate();
  const { alice, bob } = pair;
  expect(alice.code((done) => disconnect(alice.connection, 'graceful', done))).toBe(1);
  pair.run(200);
  expect(alice.connection.conn).toBe(Conn.StandAlone);
  expect(calls(pair)).toEqual([1, 1]);
  bob.connection.disconnectHard();
  expect(calls(pair)).toEqual([1, 2]);
  bob.connection.disconnectHard();
  expect(calls(pair)).toEqual([1, 2]);
});
