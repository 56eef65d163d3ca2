import { connectionState, deviceState, pathState, peerDeviceState, resourceState } from '../testing';
import { diffResource } from './diff';
import type { ObjectEvent } from './object-event';
import { StateTracker } from './state-tracker';

const words = (events: readonly ObjectEvent[]): string[] =>
  events.map((event) => {
    if (event.kind === 'change') return `change ${event.after.type}`;
    return 'object' in event ? `${event.kind} ${event.object.type}` : event.kind;
  });

const bob = connectionState({ peerDevices: [peerDeviceState()], paths: [pathState()] });
const full = resourceState({ devices: [deviceState()], connections: [bob] });

describe('the difference of two states', () => {
  test('equal states make no event', () => {
    expect(diffResource(full, JSON.parse(JSON.stringify(full)))).toEqual([]);
  });

  test('a new peer brings its peer devices and paths along', () => {
    const before = resourceState({ devices: [deviceState()] });
    expect(words(diffResource(before, full))).toEqual([
      'change resource',
      'create connection',
      'create peer-device',
      'create path',
    ]);
  });

  test('a deleted connection does not mention its peer devices, a deleted minor does', () => {
    const withoutPeer = { ...full, connections: [] };
    expect(words(diffResource(full, withoutPeer))).toEqual(['change resource', 'destroy path', 'destroy connection']);
    const withoutMinor = { ...full, devices: [], connections: [{ ...bob, peerDevices: [] }] };
    expect(words(diffResource(full, withoutMinor))).toEqual([
      'change resource',
      'destroy peer-device',
      'destroy device',
    ]);
  });

  test('a vanished resource ends with itself', () => {
    expect(words(diffResource(full, undefined))).toEqual([
      'destroy path',
      'destroy connection',
      'destroy device',
      'destroy resource',
    ]);
  });

  test('objects that changed places are still compared with themselves', () => {
    const devices = [deviceState(), deviceState({ volume: 1, minor: 1 })];
    const before = resourceState({ devices });
    expect(diffResource(before, { ...before, devices: devices.toReversed() })).toEqual([]);
    const instead = resourceState({ devices: [devices[0] ?? deviceState(), deviceState({ volume: 2, minor: 1 })] });
    expect(words(diffResource(before, instead))).toEqual(['create device', 'destroy device']);
  });

  test('a path to another address is another path', () => {
    const elsewhere = pathState({ peer: { ...pathState().peer, port: pathState().peer.port + 1 } });
    const moved = { ...full, connections: [{ ...bob, paths: [elsewhere] }] };
    expect(words(diffResource(full, moved))).toEqual(['create path', 'destroy path']);
  });

  test('a field more or less is a change, one that is undefined is none', () => {
    const before = resourceState({ options: { quorum: 'off' } });
    const changed = { ...before, options: { quorum: 'off', 'auto-promote': true } };
    expect(words(diffResource(before, changed))).toEqual(['change resource']);
    expect(words(diffResource(changed, before))).toEqual(['change resource']);
    const same = { ...before, options: { quorum: 'off', 'auto-promote': undefined } } as unknown as typeof before;
    expect(diffResource(before, same)).toEqual([]);
    expect(diffResource(same, before)).toEqual([]);
  });

  test('a change keeps the old and the new object', () => {
    const after = { ...full, devices: [deviceState({ diskState: 'Outdated' })] };
    const change = diffResource(full, after).find((event) => event.kind === 'change' && event.after.type === 'device');
    expect(change).toMatchObject({ before: { diskState: 'UpToDate' }, after: { diskState: 'Outdated' } });
  });
});

describe('a reader with a filter', () => {
  test('is told of its resource only, and goes silent after a rename', () => {
    const other = resourceState({ name: 'other' });
    const tracker = new StateTracker('r0');
    expect(tracker.start({ resources: [full, other] }).flatMap(words)).toEqual([
      'exists resource',
      'exists connection',
      'exists device',
      'exists peer-device',
      'exists path',
      'exists-end',
    ]);
    expect(tracker.apply({ kind: 'changed', resource: { ...other, role: 'Primary' } })).toEqual([]);
    expect(words(tracker.apply({ kind: 'renamed', resourceName: 'r0', newName: 'r1' }))).toEqual(['rename']);
    expect(tracker.apply({ kind: 'changed', resource: { ...full, name: 'r1', role: 'Primary' } })).toEqual([]);
  });

  test('no state in between is lost', () => {
    const tracker = new StateTracker();
    tracker.start({ resources: [full] });
    const states = (['Attaching', 'Negotiating', 'UpToDate'] as const).map((diskState) => ({
      ...full,
      devices: [deviceState({ diskState })],
    }));
    const seen = states.flatMap((resource) =>
      tracker
        .apply({ kind: 'changed', resource })
        .flatMap((event) => (event.kind === 'change' && event.after.type === 'device' ? [event.after.diskState] : [])),
    );
    expect(seen).toEqual(['Attaching', 'Negotiating', 'UpToDate']);
  });
});
