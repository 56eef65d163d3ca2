/** Lines of `events2`. Source: setup.md 5.2 and 5.3; version 9.34. */
import type {
  ConnectionObject,
  ControlObject,
  DeviceObject,
  HelperCall,
  ObjectEvent,
  PathObject,
  PeerDeviceObject,
  ResourceObject,
} from '@tsdrbd/engine/control';
import type { Paint } from './color';
import { detailTokens, syncProgress, twoDecimals } from './sync-progress';
import { addressWord, blockedList, kib, resyncSuspendedList, suspendedList, yesNo } from './words';

export interface EventStyle {
  readonly statistics: boolean;
  /** Change lines contain every group. */
  readonly full: boolean;
  /** Changed values as OLD->NEW. */
  readonly diff: boolean;
  readonly paint: Paint;
}

/** Null when nothing of it is to be printed. */
export function renderEvent(event: ObjectEvent, style: EventStyle): string | null {
  return eventWords(event, style)?.join(' ') ?? null;
}

/** Values that are names even where they look like numbers. */
const NAMES: ReadonlySet<string> = new Set(['name', 'new_name', 'conn-name', 'backing_dev', 'local', 'peer', 'helper']);

/** The same line as an object of the same keys, after `event` and `object`. Numbers are numbers; a yes stays a word. */
export function renderEventJson(event: ObjectEvent, style: EventStyle, timestamp?: string): string | null {
  const words = eventWords(event, style);
  if (words === null) return null;
  const [action, object, ...fields] = words;
  const members = fields.map((field): [string, string | number] => {
    const at = field.indexOf(':');
    const [key, value] = [field.slice(0, at), field.slice(at + 1)];
    return [key, !NAMES.has(key) && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value];
  });
  const stamp = timestamp === undefined ? {} : { timestamp };
  return JSON.stringify({ ...stamp, event: action, object, ...Object.fromEntries(members) });
}

function eventWords(event: ObjectEvent, style: EventStyle): string[] | null {
  switch (event.kind) {
    case 'exists':
    case 'create':
      return line(event.kind, event.object, fieldWords(null, event.object, style));
    case 'exists-end':
      return ['exists', '-'];
    case 'change': {
      const words = fieldWords(event.before, event.after, style);
      // Counters of a peer device always tell of themselves, even where none of them is printed.
      const isHeartbeat =
        event.after.type === 'peer-device' &&
        event.before.type === 'peer-device' &&
        peerCountersChanged(event.before, event.after);
      return words.length > 0 || isHeartbeat ? line('change', event.after, words) : null;
    }
    case 'destroy':
      return line('destroy', event.object, []);
    case 'rename':
      return ['rename', 'resource', `name:${event.resourceName}`, `new_name:${event.newName}`];
    case 'helper-call':
      return ['call', 'helper', ...helperWords(event.call)];
    case 'helper-response':
      return ['response', 'helper', ...helperWords(event.call), `status:${event.status}`];
  }
}

function line(action: string, object: ControlObject, words: readonly string[]): string[] {
  return [action, object.type, ...identityWords(object, action), ...words];
}

function identityWords(object: ControlObject, action: string): string[] {
  switch (object.type) {
    case 'resource':
      return [`name:${object.name}`];
    case 'connection':
      return [`name:${object.resourceName}`, `peer-node-id:${object.peerNodeId}`, `conn-name:${object.name}`];
    case 'device': {
      const minor = action === 'destroy' ? [] : [`minor:${object.minor}`];
      return [`name:${object.resourceName}`, `volume:${object.volume}`, ...minor];
    }
    case 'peer-device':
      return [...connectionWords(object), `volume:${object.volume}`];
    case 'path':
      return [...connectionWords(object), `local:${addressWord(object.local)}`, `peer:${addressWord(object.peer)}`];
  }
}

const connectionWords = (object: PeerDeviceObject | PathObject): string[] => [
  `name:${object.resourceName}`,
  `peer-node-id:${object.peerNodeId}`,
  `conn-name:${object.connectionName}`,
];

function helperWords(call: HelperCall): string[] {
  return [
    `name:${call.resourceName}`,
    ...(call.peerNodeId === undefined ? [] : [`peer-node-id:${call.peerNodeId}`]),
    ...(call.connectionName === undefined ? [] : [`conn-name:${call.connectionName}`]),
    ...(call.volume === undefined ? [] : [`volume:${call.volume}`]),
    ...(call.minor === undefined ? [] : [`minor:${call.minor}`]),
    `helper:${call.helper}`,
  ];
}

/** Fields that are printed together. */
interface Group<T> {
  readonly fields: ReadonlyArray<Field<T>>;
  /** Printed in a change line when this says so; the default: when one of the fields has changed. */
  readonly changed?: (before: T, after: T) => boolean;
  readonly onlyWith?: 'statistics';
}
interface Field<T> {
  readonly key: string;
  /** Undefined: nothing to say. */
  readonly value: (object: T) => string | undefined;
  readonly color?: (object: T, paint: Paint) => string;
  /** In a change line of a statistics group only if it has changed itself. */
  readonly onlyIfChanged?: boolean;
  /** `--diff`: no OLD at all; OLD also when equal; or the word for what was not there. */
  readonly diff?: { readonly plain?: boolean; readonly evenIfEqual?: boolean; readonly absent?: string | null };
}

const RESOURCE_GROUPS: ReadonlyArray<Group<ResourceObject>> = [
  { fields: [{ key: 'role', value: (o) => o.role, color: (o, paint) => paint.role(o.role, 'local') }] },
  { fields: [{ key: 'suspended', value: (o) => suspendedList(o.suspended) }] },
  {
    fields: [
      {
        key: 'force-io-failures',
        value: (o) => yesNo(o.forceIoFailures),
        color: (o, paint) => paint.forceIoFailures(yesNo(o.forceIoFailures)),
      },
    ],
  },
  { onlyWith: 'statistics', fields: [{ key: 'write-ordering', value: (o) => o.writeOrdering, diff: { plain: true } }] },
  {
    fields: [
      { key: 'may_promote', value: (o) => yesNo(o.promotion.mayPromote) },
      { key: 'promotion_score', value: (o) => String(o.promotion.score), diff: { evenIfEqual: true, absent: '0' } },
    ],
  },
];

const CONNECTION_GROUPS: ReadonlyArray<Group<ConnectionObject>> = [
  {
    fields: [
      { key: 'connection', value: (o) => o.connectionState, color: (o, paint) => paint.connection(o.connectionState) },
    ],
  },
  { fields: [{ key: 'role', value: (o) => o.peerRole, color: (o, paint) => paint.role(o.peerRole, 'peer') }] },
  {
    onlyWith: 'statistics',
    fields: [
      { key: 'congested', value: (o) => yesNo(o.congested), onlyIfChanged: true, diff: { plain: true } },
      { key: 'ap-in-flight', value: (o) => String(o.apInFlightSectors), diff: { plain: true } },
      { key: 'rs-in-flight', value: (o) => String(o.rsInFlightSectors), diff: { plain: true } },
    ],
  },
];

const DEVICE_GROUPS: ReadonlyArray<Group<DeviceObject>> = [
  {
    changed: (a, b) => a.diskState !== b.diskState || a.quorum !== b.quorum || a.open !== b.open,
    fields: [
      { key: 'backing_dev', value: (o) => o.backing?.dataDevice ?? 'none' },
      {
        key: 'disk',
        value: (o) => o.diskState,
        color: (o, paint) => paint.disk(o.diskState, 'local', o.client === 'yes'),
        diff: { evenIfEqual: true },
      },
      { key: 'client', value: (o) => o.client },
      { key: 'open', value: (o) => o.open, color: (o, paint) => paint.open(o.open) },
      {
        key: 'quorum',
        value: (o) => yesNo(o.quorum),
        color: (o, paint) => paint.quorum(yesNo(o.quorum)),
        diff: { absent: null },
      },
    ],
  },
  {
    changed: deviceCountersChanged,
    onlyWith: 'statistics',
    fields: [
      counter('size', (o) => kib(o.statistics.sizeSectors)),
      counter('read', (o) => kib(o.statistics.readSectors)),
      counter('written', (o) => kib(o.statistics.writtenSectors)),
      counter('al-writes', (o) => o.statistics.alWriteCount),
      counter('bm-writes', (o) => o.statistics.bmWriteCount),
      counter('upper-pending', (o) => o.statistics.upperPendingCount),
      counter('lower-pending', (o) => o.statistics.lowerPendingCount),
      {
        key: 'al-suspended',
        value: (o) => yesNo(o.statistics.alSuspended),
        onlyIfChanged: true,
        diff: { plain: true },
      },
      { key: 'blocked', value: (o) => blockedList(o.statistics), onlyIfChanged: true, diff: { plain: true } },
    ],
  },
];

const PEER_DEVICE_GROUPS: ReadonlyArray<Group<PeerDeviceObject>> = [
  {
    fields: [
      {
        key: 'replication',
        value: (o) => o.replicationState,
        color: (o, paint) => paint.replication(o.replicationState),
      },
    ],
  },
  {
    fields: [
      {
        key: 'peer-disk',
        value: (o) => o.peerDiskState,
        color: (o, paint) => paint.disk(o.peerDiskState, 'peer', o.peerClient === 'yes'),
      },
      { key: 'peer-client', value: (o) => o.peerClient },
    ],
  },
  { fields: [{ key: 'resync-suspended', value: (o) => resyncSuspendedList(o.resyncSuspended) }] },
  { changed: peerCountersChanged, fields: [{ key: 'done', value: doneWord, diff: { plain: true } }] },
  {
    changed: peerCountersChanged,
    onlyWith: 'statistics',
    fields: [
      peerCounter('received', (o) => kib(o.statistics.receivedSectors)),
      peerCounter('sent', (o) => kib(o.statistics.sentSectors)),
      peerCounter('out-of-sync', (o) => kib(o.statistics.outOfSyncSectors)),
      peerCounter('pending', (o) => o.statistics.pendingCount),
      peerCounter('unacked', (o) => o.statistics.unackedCount),
    ],
  },
];

const PATH_GROUPS: ReadonlyArray<Group<PathObject>> = [
  { fields: [{ key: 'established', value: (o) => yesNo(o.established) }] },
];

function fieldWords(before: ControlObject | null, after: ControlObject, style: EventStyle): string[] {
  switch (after.type) {
    case 'resource':
      return groupWords(RESOURCE_GROUPS, before?.type === 'resource' ? before : null, after, style);
    case 'connection':
      return groupWords(CONNECTION_GROUPS, before?.type === 'connection' ? before : null, after, style);
    case 'device':
      return groupWords(DEVICE_GROUPS, before?.type === 'device' ? before : null, after, style);
    case 'path':
      return groupWords(PATH_GROUPS, before?.type === 'path' ? before : null, after, style);
    case 'peer-device': {
      const previous = before?.type === 'peer-device' ? before : null;
      const words = groupWords(PEER_DEVICE_GROUPS, previous, after, style);
      const progress = syncProgress(after);
      const withStatistics = style.statistics || style.full;
      if (progress === null || !withStatistics) return words;
      if (previous !== null && !style.full && !peerCountersChanged(previous, after)) return words;
      return [...words, ...detailTokens(progress, style.statistics && style.full ? 'full' : 'brief')];
    }
  }
}

function groupWords<T>(groups: ReadonlyArray<Group<T>>, before: T | null, after: T, style: EventStyle): string[] {
  return groups.flatMap((group) => {
    if (group.onlyWith === 'statistics' && !style.statistics && !style.full) return [];
    if (before !== null && !style.full && !groupChanged(group, before, after)) return [];
    return group.fields.flatMap((field) => fieldWord(field, before, after, style));
  });
}

function groupChanged<T>(group: Group<T>, before: T, after: T): boolean {
  if (group.changed !== undefined) return group.changed(before, after);
  return group.fields.some((field) => field.value(before) !== field.value(after));
}

function fieldWord<T>(field: Field<T>, before: T | null, after: T, style: EventStyle): string[] {
  const value = field.value(after);
  const old = before === null ? null : field.value(before);
  if (value === undefined) return [];
  if (field.onlyIfChanged && before !== null && !style.full && old === value) return [];
  const shown = field.color?.(after, style.paint) ?? value;
  if (!style.diff || field.diff?.plain) return [`${field.key}:${shown}`];

  if (before === null) {
    const absent = field.diff?.absent === undefined ? 'UNKNOWN' : field.diff.absent;
    return absent === null ? [] : [`${field.key}:${absent}->${shown}`];
  }
  if (old === value && !field.diff?.evenIfEqual) return [`${field.key}:${shown}`];
  return [`${field.key}:${field.color?.(before, style.paint) ?? old}->${shown}`];
}

function counter(key: string, value: (object: DeviceObject) => number): Field<DeviceObject> {
  return { key, value: (object) => String(value(object)), diff: { plain: true } };
}

function peerCounter(key: string, value: (object: PeerDeviceObject) => number): Field<PeerDeviceObject> {
  return { key, value: (object) => String(value(object)), diff: { plain: true } };
}

function doneWord(object: PeerDeviceObject): string | undefined {
  const progress = syncProgress(object);
  return progress === null ? undefined : twoDecimals(progress.donePercent);
}

/** Counters in the engine's sense: the current UUID is among them. */
function deviceCountersChanged(before: DeviceObject, after: DeviceObject): boolean {
  const counters = ({ statistics, currentUuid }: DeviceObject): string => JSON.stringify([statistics, currentUuid]);
  return counters(before) !== counters(after);
}

/** Counters in the engine's sense: generation UUIDs and progress are among them. */
function peerCountersChanged(before: PeerDeviceObject, after: PeerDeviceObject): boolean {
  const counters = ({ statistics, sync, generation }: PeerDeviceObject): string =>
    JSON.stringify([statistics, sync, generation]);
  return counters(before) !== counters(after);
}
