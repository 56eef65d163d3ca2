/**
 * The generation identifiers as one line of text, fields separated by `:`; the form of get-gi, and of set-gi's
 * argument. A table per format: what the fields are called there, in their order. Source: metadata.md 9.1, 9.5.
 */
import {
  hasFlags,
  MdFlag,
  PeerMdFlag,
  withFlags,
  withoutFlags,
  type AnySuperblock,
  type SuperblockV07,
  type SuperblockV08,
  type SuperblockV09,
} from '@tsdrbd/engine/metadata';
import { parseCInteger } from './command-line/invocation';
import { hex64 } from './hex';
import { EXIT, MetaExit } from './meta-exit';

type Field<S> =
  | { readonly kind: 'uuid'; get(s: S): bigint; set(s: S, value: bigint): S }
  | { readonly kind: 'count'; get(s: S): number; set(s: S, value: number): S }
  | { readonly kind: 'flag'; get(s: S): boolean; set(s: S, value: boolean): S };

const V08_FLAGS = [
  MdFlag.consistent,
  MdFlag.wasUpToDate,
  MdFlag.primaryInd,
  MdFlag.connectedInd,
  MdFlag.fullSync,
  MdFlag.peerOutDated,
  MdFlag.crashedPrimary,
] as const;

const V09_FLAGS = [
  MdFlag.consistent,
  MdFlag.wasUpToDate,
  MdFlag.primaryInd,
  MdFlag.crashedPrimary,
  MdFlag.alClean,
  MdFlag.alDisabled,
  MdFlag.primaryLostQuorum,
] as const;

const V09_PEER_FLAGS = [
  PeerMdFlag.connected,
  PeerMdFlag.outdated,
  PeerMdFlag.fencing,
  PeerMdFlag.fullSync,
  PeerMdFlag.deviceSeen,
] as const;

/** `nodeId` is the peer whose bitmap UUID and flags are meant. */
export function formatGi(superblock: AnySuperblock, nodeId: number): string {
  switch (superblock.kind) {
    case 'v07':
      return formatFields(superblock, V07_FIELDS);
    case 'v08':
      return formatFields(superblock, v08Fields(nodeId));
    case 'v09':
      return formatFields(superblock, v09Fields(nodeId));
  }
}

/** The superblock after the change, and what get-gi would say of it. */
export interface GiChange {
  readonly superblock: AnySuperblock;
  readonly line: string;
}

/** Empty and missing fields keep what is there. Errors: MetaExit 10. */
export function changeGi(superblock: AnySuperblock, nodeId: number, text: string): GiChange {
  switch (superblock.kind) {
    case 'v07':
      return changeFields(superblock, V07_FIELDS, text);
    case 'v08':
      return changeFields(superblock, v08Fields(nodeId), text);
    case 'v09':
      return changeFields(superblock, v09Fields(nodeId), text);
  }
}

function changeFields<S extends AnySuperblock>(superblock: S, fields: readonly Field<S>[], text: string): GiChange {
  const changed = applyFields(superblock, fields, text);
  return { superblock: changed, line: formatFields(changed, fields) };
}

const V07_FIELDS: readonly Field<SuperblockV07>[] = [
  superblockFlag(MdFlag.consistent),
  { kind: 'count', get: (s) => s.humanCount, set: (s, humanCount) => ({ ...s, humanCount }) },
  { kind: 'count', get: (s) => s.timeoutCount, set: (s, timeoutCount) => ({ ...s, timeoutCount }) },
  { kind: 'count', get: (s) => s.connectedCount, set: (s, connectedCount) => ({ ...s, connectedCount }) },
  { kind: 'count', get: (s) => s.arbitraryCount, set: (s, arbitraryCount) => ({ ...s, arbitraryCount }) },
  superblockFlag(MdFlag.primaryInd),
  superblockFlag(MdFlag.connectedInd),
  superblockFlag(MdFlag.fullSync),
];

/** v08 knows one peer: for any other node the bitmap UUID reads as 0 and is not stored (metadata.md 6.2). */
function v08Fields(nodeId: number): readonly Field<SuperblockV08>[] {
  let unstored = 0n;
  return [
    currentUuid(),
    nodeId === 0
      ? { kind: 'uuid', get: (s) => s.bitmapUuid, set: (s, bitmapUuid) => ({ ...s, bitmapUuid }) }
      : { kind: 'uuid', get: () => unstored, set: (s, value) => ((unstored = value), s) },
    historyUuid(0),
    historyUuid(1),
    ...V08_FLAGS.map((mask) => superblockFlag<SuperblockV08>(mask)),
  ];
}

function v09Fields(nodeId: number): readonly Field<SuperblockV09>[] {
  const peer = (s: SuperblockV09) => s.peers[nodeId];
  return [
    currentUuid(),
    {
      kind: 'uuid',
      get: (s) => peer(s)?.bitmapUuid ?? 0n,
      set: (s, bitmapUuid) => changePeer(s, nodeId, (p) => ({ ...p, bitmapUuid })),
    },
    historyUuid(0),
    historyUuid(1),
    ...V09_FLAGS.map((mask) => superblockFlag<SuperblockV09>(mask)),
    ...V09_PEER_FLAGS.map((mask): Field<SuperblockV09> => ({
      kind: 'flag',
      get: (s) => hasFlags(peer(s)?.flags ?? 0, mask),
      set: (s, value) => changePeer(s, nodeId, (p) => ({ ...p, flags: changeFlag(p.flags, mask, value) })),
    })),
  ];
}

function superblockFlag<S extends AnySuperblock>(mask: number): Field<S> {
  return {
    kind: 'flag',
    get: (s) => hasFlags(s.flags, mask),
    set: (s, value) => ({ ...s, flags: changeFlag(s.flags, mask, value) }),
  };
}

function currentUuid<S extends SuperblockV08 | SuperblockV09>(): Field<S> {
  return { kind: 'uuid', get: (s) => s.currentUuid, set: (s, value) => ({ ...s, currentUuid: value }) };
}

function historyUuid<S extends SuperblockV08 | SuperblockV09>(index: number): Field<S> {
  return {
    kind: 'uuid',
    get: (s) => s.historyUuids[index] ?? 0n,
    set: (s, value) => ({ ...s, historyUuids: s.historyUuids.map((old, i) => (i === index ? value : old)) }),
  };
}

function changePeer(
  superblock: SuperblockV09,
  nodeId: number,
  change: (peer: SuperblockV09['peers'][number]) => SuperblockV09['peers'][number],
): SuperblockV09 {
  return { ...superblock, peers: superblock.peers.map((peer, node) => (node === nodeId ? change(peer) : peer)) };
}

function changeFlag(flags: number, mask: number, value: boolean): number {
  return value ? withFlags(flags, mask) : withoutFlags(flags, mask);
}

function formatFields<S>(superblock: S, fields: readonly Field<S>[]): string {
  return fields
    .map((field) => {
      switch (field.kind) {
        case 'uuid':
          return hex64(field.get(superblock));
        case 'count':
          return String(field.get(superblock));
        case 'flag':
          return field.get(superblock) ? '1' : '0';
      }
    })
    .join(':');
}

function applyFields<S>(superblock: S, fields: readonly Field<S>[], text: string): S {
  const words = text.split(':');
  return fields.reduce((result, field, i) => {
    const word = words[i];
    if (word === undefined || word === '') return result;
    // What has not been read yet, in the original's words.
    const rest = i + 1 < words.length ? words.slice(i + 1).join(':') : '(null)';
    const notANumber = (): MetaExit => new MetaExit(EXIT.badValue, `'${rest}' is not a number.`);
    switch (field.kind) {
      case 'uuid': {
        if (!/^(0x)?[0-9a-f]{1,16}$/i.test(word)) throw notANumber();
        return field.set(result, BigInt(`0x${word.replace(/^0x/i, '')}`));
      }
      case 'count': {
        const value = parseCInteger(word);
        if (value === null) throw notANumber();
        return field.set(result, value);
      }
      case 'flag': {
        const value = parseCInteger(word);
        if (value === null) throw notANumber();
        if (value > 1) throw new MetaExit(EXIT.badValue, `'${value}' is not 0 or 1.`);
        return field.set(result, value === 1);
      }
    }
  }, superblock);
}
