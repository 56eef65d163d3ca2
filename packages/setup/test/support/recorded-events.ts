/**
 * A recorded `events2 --timestamps --statistics` of DRBD 9.2.18, read back: the state after each batch, and the lines
 * of the batch. Lines of handlers, and what goes away in the end, are left out.
 */
import type { ConnectionState, DeviceState, PathState, PeerDeviceState, ResourceState } from '@tsdrbd/engine/control';
import {
  INTERNAL_BACKING,
  connectionState,
  deviceState,
  peerDeviceState,
  resourceState,
  syncDetails,
} from '@tsdrbd/engine/control/testing';
import { resyncSuspendFlags } from './recorded-status';

type Fields = ReadonlyMap<string, string>;

export interface RecordedBatch {
  readonly state: ResourceState;
  readonly lines: readonly string[];
  readonly isDump: boolean;
}

export class RecordedStream {
  private readonly silentLines = new Set<string>();

  constructor(private readonly transcript: string) {}

  /** False for a line after which the state is what it was: a heartbeat. Known after the batch was read. */
  changesSomething(line: string): boolean {
    return !this.silentLines.has(line);
  }

  *batches(): Generator<RecordedBatch> {
    let state = resourceState();
    for (const group of this.groups()) {
      const before = state;
      this.silentLines.clear();
      for (const line of group) {
        const previous = state;
        state = applyLine(state, line);
        // Promotion scores are no part of the state, so their lines may leave it as it is.
        const isSilent = JSON.stringify(previous) === JSON.stringify(state);
        if (isSilent && !/^exists|^change resource/.test(line)) this.silentLines.add(line);
      }
      const isDump = group[0]?.startsWith('exists') ?? false;
      if (isDump || before !== state) yield { state, lines: group, isDump };
    }
  }

  /** Lines with one time stamp belong to one change. A second dump, after a crash of the node, ends the stream. */
  private groups(): string[][] {
    const groups: Array<{ stamp: string; lines: string[] }> = [];
    for (const full of this.transcript.split('\n')) {
      const match = /^(\d{4}-\S+) ((?:exists|change) .*)$/.exec(full);
      if (match === null || match[2] === 'exists -') continue;
      const [, stamp = '', line = ''] = match;
      const last = groups.at(-1);
      if (last?.stamp === stamp) last.lines.push(line);
      else if (line.startsWith('exists') && groups.length > 0) break;
      else groups.push({ stamp, lines: [line] });
    }
    return groups.map((group) => group.lines);
  }
}

function applyLine(state: ResourceState, line: string): ResourceState {
  const [, type = '', ...words] = line.split(' ');
  const fields = new Map(
    words.map((word) => {
      const at = word.indexOf(':');
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
  const volume = Number(fields.get('volume'));
  const peerNodeId = Number(fields.get('peer-node-id'));
  switch (type) {
    case 'resource':
      return applyResource(state, fields);
    case 'device':
      return {
        ...state,
        devices: upsert(
          state.devices,
          (each) => each.volume === volume,
          deviceState({ volume, backing: null }),
          (old) => applyDevice(old, fields),
        ),
      };
    case 'connection':
      return onConnection(state, peerNodeId, (old) => ({
        ...old,
        name: fields.get('conn-name') ?? old.name,
        connectionState: word(fields, 'connection', old.connectionState),
        peerRole: word(fields, 'role', old.peerRole),
        congested: flag(fields, 'congested', old.congested),
        apInFlightSectors: count(fields, 'ap-in-flight', old.apInFlightSectors),
        rsInFlightSectors: count(fields, 'rs-in-flight', old.rsInFlightSectors),
      }));
    case 'peer-device':
      return onConnection(state, peerNodeId, (connection) => ({
        ...connection,
        peerDevices: upsert(
          connection.peerDevices,
          (each) => each.volume === volume,
          peerDeviceState({ volume }),
          (old) => applyPeerDevice(old, fields),
        ),
      }));
    case 'path': {
      const path: PathState = {
        local: endpoint(fields.get('local')),
        peer: endpoint(fields.get('peer')),
        established: fields.get('established') === 'yes',
      };
      const same = (each: PathState): boolean =>
        JSON.stringify([each.local, each.peer]) === JSON.stringify([path.local, path.peer]);
      return onConnection(state, peerNodeId, (old) => ({ ...old, paths: upsert(old.paths, same, path, () => path) }));
    }
    default:
      throw new Error(`unexpected: ${line}`);
  }
}

function applyResource(old: ResourceState, fields: Fields): ResourceState {
  const suspended = fields.get('suspended')?.split(',');
  const mayPromote = fields.get('may_promote');
  return {
    ...old,
    // Whether a peer's UUIDs are stable is not recorded but by this. Only nodes without a disk depend on it.
    connections: mayPromote === undefined ? old.connections : withStableUuids(old.connections, mayPromote === 'yes'),
    role: word(fields, 'role', old.role),
    forceIoFailures: flag(fields, 'force-io-failures', old.forceIoFailures),
    writeOrdering: word(fields, 'write-ordering', old.writeOrdering),
    suspended:
      suspended === undefined
        ? old.suspended
        : {
            user: suspended.includes('user'),
            noData: suspended.includes('no-data'),
            fencing: suspended.includes('fencing'),
            quorum: suspended.includes('quorum'),
          },
  };
}

function withStableUuids(connections: readonly ConnectionState[], peerUuidStable: boolean): ConnectionState[] {
  return connections.map((connection) => ({
    ...connection,
    peerDevices: connection.peerDevices.map((peerDevice) => ({ ...peerDevice, peerUuidStable })),
  }));
}

function applyDevice(old: DeviceState, fields: Fields): DeviceState {
  const backing = fields.get('backing_dev');
  const blocked = fields.get('blocked');
  return {
    ...old,
    minor: count(fields, 'minor', old.minor),
    diskState: word(fields, 'disk', old.diskState),
    client: word(fields, 'client', old.client),
    quorum: flag(fields, 'quorum', old.quorum),
    backing:
      backing === undefined ? old.backing : backing === 'none' ? null : { ...INTERNAL_BACKING, dataDevice: backing },
    // Counters are printed when one of them has changed, also one that is not printed: the UUID is among them.
    currentUuid: fields.has('size') ? nextUuid(old.currentUuid) : old.currentUuid,
    statistics: {
      sizeSectors: kib(fields, 'size', old.statistics.sizeSectors),
      readSectors: kib(fields, 'read', old.statistics.readSectors),
      writtenSectors: kib(fields, 'written', old.statistics.writtenSectors),
      alWriteCount: count(fields, 'al-writes', old.statistics.alWriteCount),
      bmWriteCount: count(fields, 'bm-writes', old.statistics.bmWriteCount),
      upperPendingCount: count(fields, 'upper-pending', old.statistics.upperPendingCount),
      lowerPendingCount: count(fields, 'lower-pending', old.statistics.lowerPendingCount),
      alSuspended: flag(fields, 'al-suspended', old.statistics.alSuspended),
      upperBlocked: blocked === undefined ? old.statistics.upperBlocked : blocked.includes('upper'),
      lowerBlocked: blocked === undefined ? old.statistics.lowerBlocked : blocked.includes('lower'),
    },
  };
}

function applyPeerDevice(old: PeerDeviceState, fields: Fields): PeerDeviceState {
  const suspended = fields.get('resync-suspended');
  const outOfSyncSectors = kib(fields, 'out-of-sync', old.statistics.outOfSyncSectors);
  const statisticsGiven = fields.has('received');
  const done = fields.get('done');
  // Of the progress only what is printed is known: at 0 % the total is what is left. Others are taken over as they are.
  const total = done === undefined ? 0 : Math.round(outOfSyncSectors / (1 - Number(done) / 100)) || 8;
  return {
    ...old,
    replicationState: word(fields, 'replication', old.replicationState),
    peerDiskState: word(fields, 'peer-disk', old.peerDiskState),
    peerClient: word(fields, 'peer-client', old.peerClient),
    resyncSuspended: suspended === undefined ? old.resyncSuspended : resyncSuspendFlags(suspended),
    statistics: {
      receivedSectors: kib(fields, 'received', old.statistics.receivedSectors),
      sentSectors: kib(fields, 'sent', old.statistics.sentSectors),
      outOfSyncSectors,
      pendingCount: count(fields, 'pending', old.statistics.pendingCount),
      unackedCount: count(fields, 'unacked', old.statistics.unackedCount),
    },
    // The same holds here.
    generation: statisticsGiven
      ? { ...old.generation, bitmapUuid: nextUuid(old.generation.bitmapUuid) }
      : old.generation,
    sync: done !== undefined ? syncWith(total, done, fields.get('dbdt1') ?? '0') : statisticsGiven ? null : old.sync,
  };
}

const nextUuid = (uuid: string): string => (BigInt(`0x${uuid}`) + 1n).toString(16).padStart(16, '0');

function syncWith(totalSectors: number, done: string, mark1MibPerSecond: string): PeerDeviceState['sync'] {
  // A verify with nothing out of sync counts by what is left to look at.
  const left = Math.round(totalSectors * (1 - Number(done) / 100));
  const verify = { startSector: 0, stopSector: null, positionSector: 0, leftSectors: left, skippedSectors: 0 };
  return syncDetails({ totalSectors, verify, mark1Ms: 1000, mark1Sectors: Number(mark1MibPerSecond) * 2048 });
}

function onConnection(
  state: ResourceState,
  peerNodeId: number,
  change: (old: ConnectionState) => ConnectionState,
): ResourceState {
  const fresh = connectionState({ peerNodeId });
  return {
    ...state,
    connections: upsert(state.connections, (each) => each.peerNodeId === peerNodeId, fresh, change),
  };
}

function upsert<T>(items: readonly T[], isIt: (item: T) => boolean, fresh: T, change: (item: T) => T): T[] {
  return items.some(isIt) ? items.map((item) => (isIt(item) ? change(item) : item)) : [...items, change(fresh)];
}

function endpoint(text = ''): PathState['local'] {
  const [, address = '', port = ''] = text.split(':');
  return { family: 'ipv4', address, port: Number(port) };
}

const word = <T extends string>(fields: Fields, key: string, old: T): T => (fields.get(key) as T | undefined) ?? old;
const flag = (fields: Fields, key: string, old: boolean): boolean =>
  fields.has(key) ? fields.get(key) === 'yes' : old;
const count = (fields: Fields, key: string, old: number): number => (fields.has(key) ? Number(fields.get(key)) : old);
const kib = (fields: Fields, key: string, oldSectors: number): number =>
  fields.has(key) ? Number(fields.get(key)) * 2 : oldSectors;
