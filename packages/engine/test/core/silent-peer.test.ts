/** A peer that falls silent in the middle of the handshake is noticed. Source: wire.md 4, 11. */
import { OFFER } from '../../src/core/connection/handshake';
import { Conn } from '../../src/wire';
import { PlayedLink, PlayedNode } from './played-node';

const NET = { 'ping-int': 2, 'ping-timeout': 5 };
function connected(): { node: PlayedNode; link: PlayedLink } {
  const node = new PlayedNode({
    nodeId: 0,
    diskBytes: 4 * 1024 * 1024,
    superblock: (fresh) => fresh,
    dirtyBits: [],
    net: NET,
  });
  node.attach();
  const link = new PlayedLink(true);
  node.connect(link);
  return { node, link };
}

test('before its features: after four ping timeouts', () => {
  const { node, link } = connected();
  node.settle(1900);
  expect(link.isClosed).toBe(false);
  node.settle(200);
  expect(link.isClosed).toBe(true);
  expect(node.connection.conn).toBeLessThan(Conn.WFReportParams);
});

test('after its features: a ping asks after ping-int, and gets no answer', () => {
  const { node, link } = connected();
  link.deliver('data', OFFER);
  node.settle(1900);
  expect(node.connection.conn).toBe(Conn.WFReportParams);
  expect(link.sent.filter(({ packet }) => packet.kind === 'Ping')).toEqual([]);
  node.settle(200);
  expect(link.sent.filter(({ packet }) => packet.kind === 'Ping').length).toBe(1);
  expect(link.isClosed).toBe(false);
  node.settle(500);
  expect(link.isClosed).toBe(true);
});

test('after its features: one that answers pings may take its time', () => {
  const { node, link } = connected();
  link.deliver('data', OFFER);
  let pings = 0;
  for (let step = 0; step < 100; step++) {
    node.settle(300); // less than ping-timeout
    for (const sent of link.sent.splice(0)) {
      if (sent.packet.kind !== 'Ping') continue;
      pings++;
      link.deliver('meta', { kind: 'PingAck', volume: 0 });
    }
  }
  expect(pings).toBeGreaterThan(5);
  expect(node.connection.conn).toBe(Conn.WFReportParams);
  expect(link.isClosed).toBe(false);
});
