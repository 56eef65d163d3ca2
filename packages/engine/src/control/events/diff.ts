/**
 * Two successive states of one resource, and what events2 tells of the step between them, in its order (setup.md 5.1):
 * resource, connections, devices, peer devices, paths; destroyed paths and peer devices; then destroyed connections,
 * devices, and the resource itself. A peer device that vanishes together with its connection is not mentioned.
 */
import type { ResourceState } from '../schema/node-state';
import type { ControlObject } from './object';
import { isSameObject, objectKey, objectsOf } from './object';
import type { ObjectEvent } from './object-event';

export function diffResource(before: ResourceState | undefined, after: ResourceState | undefined): ObjectEvent[] {
  return diffObjects(before === undefined ? [] : objectsOf(before), after === undefined ? [] : objectsOf(after));
}

/** The same for objects of one resource, in the order of a dump. */
export function diffObjects(old: readonly ControlObject[], now: readonly ControlObject[]): ObjectEvent[] {
  return samePlaces(old, now) ? changesInPlace(old, now) : changesByKey(old, now);
}

/** The same objects as before, in the same order: nearly always, and what keeps a change cheap. */
function samePlaces(old: readonly ControlObject[], now: readonly ControlObject[]): boolean {
  return (
    old.length === now.length &&
    old.every((object, at) => {
      const other = now[at];
      return other !== undefined && isSameObject(object, other);
    })
  );
}

function changesInPlace(old: readonly ControlObject[], now: readonly ControlObject[]): ObjectEvent[] {
  const events: ObjectEvent[] = [];
  old.forEach((before, at) => {
    const after = now[at];
    if (after !== undefined && !sameValue(before, after)) events.push({ kind: 'change', before, after });
  });
  return events;
}

function changesByKey(old: readonly ControlObject[], now: readonly ControlObject[]): ObjectEvent[] {
  const oldByKey = new Map(old.map((object) => [objectKey(object), object]));
  const nowKeys = new Set(now.map(objectKey));

  const events: ObjectEvent[] = [];
  for (const object of now) {
    const previous = oldByKey.get(objectKey(object));
    if (previous === undefined) events.push({ kind: 'create', object });
    else if (!sameValue(previous, object)) events.push({ kind: 'change', before: previous, after: object });
  }
  const gone = old.filter((object) => !nowKeys.has(objectKey(object)));
  for (const type of ['path', 'peer-device', 'connection', 'device', 'resource'] as const) {
    for (const object of gone) {
      if (object.type === type && !vanishedWithConnection(object, nowKeys)) events.push({ kind: 'destroy', object });
    }
  }
  return events;
}

function vanishedWithConnection(object: ControlObject, nowKeys: ReadonlySet<string>): boolean {
  return object.type === 'peer-device' && !nowKeys.has(`connection ${object.peerNodeId}`);
}

/** Equality of JSON values; an absent field equals one that is undefined. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  return (
    Object.keys(a).every((key) => sameValue(a[key], b[key])) &&
    Object.keys(b).every((key) => b[key] === undefined || a[key] !== undefined)
  );
}

/** An array's indices are its keys. */
const isContainer = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
