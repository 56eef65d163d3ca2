/**
 * Every connection that was recorded between two DRBD 8.4.11 nodes: from what both said of themselves, our tables have
 * to come to what each of them then did.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decideByUuids } from '../../src/core/uuid/uuid-decision';
import { solveSplitBrain } from '../../src/core/uuid/split-brain';
import { Conn, Disk, Feature, Role, UuidFlag, mirrorAfterSb, unpackState } from '../../src/wire';
import type { Packet, ProtocolPacket, StateFields, UuidsPacket } from '../../src/wire';
import { recordedLinks, type RecordedLink } from '../pcap';

const vectors = join(__dirname, '..', 'vectors');
const captures = [
  'drbd-8.4.11-pair.pcap.gz',
  ...readdirSync(join(vectors, 'drbd-8.4.11-stories'))
    .sort()
    .map((story) => join('drbd-8.4.11-stories', story)),
];

type Outcome = 'source' | 'target' | 'none' | 'refused';

/** What a node said of volume 0 in its handshake, and what it did then. */
interface Said {
  readonly protocol: ProtocolPacket;
  readonly uuids: UuidsPacket;
  readonly first: StateFields;
  readonly outcome: Outcome;
}

function saidBy(link: RecordedLink, node: string): Said | null {
  const own = link.packets.filter(({ from }) => from === node).map(({ packet }) => packet);
  const volume0 = own.filter(({ volume }) => volume === 0);
  const protocol = own.find((packet): packet is ProtocolPacket => packet.kind === 'Protocol');
  const states = volume0.flatMap((packet: Packet) => (packet.kind === 'State' ? [unpackState(packet.state)] : []));
  const firstState = volume0.findIndex(({ kind }) => kind === 'State');
  const uuids = volume0.slice(0, firstState).find((packet): packet is UuidsPacket => packet.kind === 'Uuids');
  const [first, second] = states;
  if (protocol === undefined || uuids === undefined || first === undefined) return null;
  return { protocol, uuids, first, outcome: outcomeOf(second) };
}

function outcomeOf(second: StateFields | undefined): Outcome {
  if (second === undefined || second.conn < Conn.Connected) return 'refused';
  if (second.conn === Conn.WFBitMapS) return 'source';
  return second.conn === Conn.WFBitMapT ? 'target' : 'none';
}

/** Both nodes check this before they compare UUIDs. */
const policiesFit = (self: ProtocolPacket, peer: ProtocolPacket): boolean =>
  mirrorAfterSb(peer.afterSb0Pri) === self.afterSb0Pri &&
  mirrorAfterSb(peer.afterSb1Pri) === self.afterSb1Pri &&
  mirrorAfterSb(peer.afterSb2Pri) === self.afterSb2Pri;

function decide(link: RecordedLink, self: Said, peer: Said, resolveConflicts: boolean): Outcome {
  if (!policiesFit(self.protocol, peer.protocol)) return 'refused';
  const has = (said: Said, flag: bigint): boolean => (said.uuids.flags & flag) !== 0n;
  const primary = ({ first }: Said): boolean => first.role === Role.Primary;
  const { verdict } = decideByUuids({
    self: self.uuids,
    peer: peer.uuids,
    version: link.agreement.version,
    selfCrashedPrimary: has(self, UuidFlag.CRASHED_PRIMARY),
    peerCrashedPrimary: has(peer, UuidFlag.CRASHED_PRIMARY),
    selfPrimary: primary(self),
    peerPrimary: primary(peer),
    resolveConflicts,
    knowsRule41: (link.agreement.featureFlags & Feature.WSAME) !== 0,
  });
  const selfBad = self.first.disk === Disk.Inconsistent;
  const peerBad = peer.first.disk === Disk.Inconsistent;
  let outcome: Outcome = 'none';
  if (selfBad !== peerBad) outcome = selfBad ? 'target' : 'source';
  else if (verdict.startsWith('source')) outcome = 'source';
  else if (verdict.startsWith('target')) outcome = 'target';
  else if (verdict === 'unrelated' || verdict === 'needs-protocol-91') return 'refused';
  else if (verdict !== 'no-sync') {
    const solved =
      verdict === 'split-brain-auto'
        ? solveSplitBrain({
            policy0Pri: self.protocol.afterSb0Pri,
            policy1Pri: self.protocol.afterSb1Pri,
            policy2Pri: self.protocol.afterSb2Pri,
            selfPrimary: primary(self),
            peerPrimary: primary(peer),
            selfBitmapUuid: self.uuids.bitmap,
            peerBitmapUuid: peer.uuids.bitmap,
            selfChanges: Number(self.uuids.dirtyBits),
            peerChanges: Number(peer.uuids.dirtyBits),
            resolveConflicts,
          }).verdict
        : 'unsolved';
    const selfGivesUp = has(self, UuidFlag.DISCARD_MY_DATA);
    const peerGivesUp = has(peer, UuidFlag.DISCARD_MY_DATA);
    if (solved !== 'unsolved') outcome = solved;
    else if (selfGivesUp !== peerGivesUp) outcome = selfGivesUp ? 'target' : 'source';
    else return 'refused';
  }
  // The rr-conflict of these recordings is `disconnect`, or `violently`, which is no part of P_PROTOCOL.
  if (outcome === 'target' && primary(self) && self.first.disk >= Disk.Consistent) return 'refused';
  return outcome;
}

const seen = new Map<Outcome, number>();
let linkSides = 0;

test.each(captures)('%s', (capture) => {
  const told = recordedLinks(join(vectors, capture)).flatMap((link, index) => {
    const [alice, bob] = [...new Set(link.packets.map(({ from }) => from))].sort();
    const a = alice === undefined ? null : saidBy(link, alice);
    const b = bob === undefined ? null : saidBy(link, bob);
    if (a === null || b === null) return [];
    return [
      { index, node: alice, real: a.outcome, ours: decide(link, a, b, link.acceptedMeta === alice) },
      { index, node: bob, real: b.outcome, ours: decide(link, b, a, link.acceptedMeta === bob) },
    ];
  });
  linkSides += told.length;
  for (const { real } of told) seen.set(real, (seen.get(real) ?? 0) + 1);
  const lines = (pick: 'real' | 'ours'): string[] => told.map((one) => `link ${one.index}, ${one.node}: ${one[pick]}`);
  expect(lines('ours')).toEqual(lines('real'));
});

test('the recordings hold every outcome', () => {
  expect(linkSides).toBeGreaterThan(100);
  expect([...seen.keys()].sort()).toEqual(['none', 'refused', 'source', 'target']);
});
