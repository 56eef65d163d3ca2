import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StateTracker } from '@tsdrbd/engine/control';
import type { ResourceState } from '@tsdrbd/engine/control';
import {
  connectionState,
  deviceState,
  deviceStatistics,
  pathState,
  peerDeviceState,
  resourceState,
} from '@tsdrbd/engine/control/testing';
import { RecordedStream } from '../../test/support/recorded-events';
import { paint } from './color';
import { renderEvent } from './events2';
import type { EventStyle } from './events2';

const GOLDEN = join(__dirname, '../../test/golden');
const style = (changes: Partial<EventStyle> = {}): EventStyle => ({
  statistics: false,
  full: false,
  diff: false,
  paint: paint('never', false),
  ...changes,
});

/**
 * The recorded lines are applied to a state, batch by batch, and the differences of the states are rendered: they must
 * be the recorded lines again, including promotion scores, which are computed and not taken over.
 */
describe.each(readdirSync(GOLDEN).filter((name) => name.startsWith('events2-9.2.18')))('%s', (name) => {
  const stream = new RecordedStream(readFileSync(join(GOLDEN, name), 'utf8'));

  test('every recorded line is told again', () => {
    const tracker = new StateTracker();
    let compared = 0;
    for (const { state, lines, isDump } of stream.batches()) {
      const events = isDump
        ? tracker
            .start({ resources: [state] })
            .flat()
            .filter((event) => event.kind === 'exists')
        : tracker.apply({ kind: 'changed', resource: state });
      const ours = events
        .map((event) => renderEvent(event, style({ statistics: true })))
        .filter((line) => line !== null);
      expect(ours.map(withoutOpen).sort()).toEqual(lines.filter((line) => stream.changesSomething(line)).sort());
      compared += ours.length;
    }
    expect(compared).toBeGreaterThan(20);
  });
});

/** 9.2.18 does not tell whether a device is open. */
const withoutOpen = (line: string): string => line.replace(/ open:\S+/, '');

/** Samples of setup.md 5.6, version 9.34. */
describe('samples of version 9.34', () => {
  const alone = resourceState({
    devices: [deviceState()],
    connections: [connectionState({ peerDevices: [peerDeviceState()], paths: [pathState()] })],
  });
  const told = (before: ResourceState, after: ResourceState, changes: Partial<EventStyle> = {}): string[] => {
    const tracker = new StateTracker();
    tracker.start({ resources: [before] });
    const events = tracker.apply({ kind: 'changed', resource: after });
    return events.map((event) => renderEvent(event, style(changes))).filter((line) => line !== null);
  };

  test('the dump', () => {
    const expected = readFileSync(join(GOLDEN, 'events2-9.34-sample.txt'), 'utf8').split('\n').slice(0, 6);
    const events = new StateTracker().start({ resources: [alone] }).flat();
    expect(events.map((event) => renderEvent(event, style()))).toEqual(expected);
  });

  test('promotion with an opener', () => {
    const after: ResourceState = { ...alone, role: 'Primary', devices: [deviceState({ open: 'yes' })] };
    expect(told(alone, after)).toEqual([
      'change resource name:r0 role:Primary may_promote:no promotion_score:10102',
      'change device name:r0 volume:0 minor:0 backing_dev:/dev/vg0/r0 disk:UpToDate client:no open:yes quorum:yes',
    ]);
    expect(told(alone, after, { diff: true })).toEqual([
      'change resource name:r0 role:Secondary->Primary may_promote:yes->no promotion_score:10102->10102',
      'change device name:r0 volume:0 minor:0 backing_dev:/dev/vg0/r0 disk:UpToDate->UpToDate client:no open:no->yes quorum:yes',
    ]);
  });

  test('the dump with --statistics and with --diff', () => {
    const node = {
      resources: [{ ...alone, devices: [deviceState({ statistics: deviceStatistics({ sizeSectors: 2097016 }) })] }],
    };
    const lines = (changes: Partial<EventStyle>): Array<string | null> =>
      new StateTracker()
        .start(node)
        .flat()
        .map((event) => renderEvent(event, style(changes)));
    expect(lines({ statistics: true }).slice(0, 3)).toEqual([
      'exists resource name:r0 role:Secondary suspended:no force-io-failures:no write-ordering:flush may_promote:yes promotion_score:10102',
      'exists connection name:r0 peer-node-id:1 conn-name:bob connection:Connected role:Secondary congested:no ap-in-flight:0 rs-in-flight:0',
      'exists device name:r0 volume:0 minor:0 backing_dev:/dev/vg0/r0 disk:UpToDate client:no open:no quorum:yes size:1048508 read:0 written:0 al-writes:0 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no blocked:no',
    ]);
    expect(lines({ diff: true })[2]).toBe(
      'exists device name:r0 volume:0 minor:0 backing_dev:UNKNOWN->/dev/vg0/r0 disk:UNKNOWN->UpToDate client:UNKNOWN->no open:UNKNOWN->no',
    );
  });

  test('a lost path with --diff, a connection with --full', () => {
    const [bob] = alone.connections;
    if (bob === undefined) throw new Error('the sample has a connection');
    const noPath = { ...alone, connections: [{ ...bob, paths: [pathState({ established: false })] }] };
    expect(told(alone, noPath, { diff: true })).toEqual([
      'change path name:r0 peer-node-id:1 conn-name:bob local:ipv4:10.0.0.1:7000 peer:ipv4:10.0.0.2:7000 established:yes->no',
    ]);
    const lost: ResourceState = {
      ...alone,
      connections: [{ ...bob, connectionState: 'Unconnected', peerRole: 'Unknown' }],
    };
    expect(told(alone, lost, { full: true })).toEqual([
      'change connection name:r0 peer-node-id:1 conn-name:bob connection:Unconnected role:Unknown congested:no ap-in-flight:0 rs-in-flight:0',
    ]);
  });

  test('a peer that sends UUIDs is told of without any visible change', () => {
    const [bob] = alone.connections;
    if (bob === undefined) throw new Error('the sample has a connection');
    const [peerDevice = peerDeviceState()] = bob.peerDevices;
    const generation = { ...peerDevice.generation, bitmapUuid: 'A000000000000000' };
    const after = { ...alone, connections: [{ ...bob, peerDevices: [{ ...peerDevice, generation }] }] };
    expect(told(alone, after)).toEqual(['change peer-device name:r0 peer-node-id:1 conn-name:bob volume:0']);
  });

  test('handlers, rename, destroy', () => {
    const call = { helper: 'quorum-lost', resourceName: 'r0', volume: 0, minor: 0 };
    expect(renderEvent({ kind: 'helper-call', call }, style())).toBe(
      'call helper name:r0 volume:0 minor:0 helper:quorum-lost',
    );
    expect(renderEvent({ kind: 'helper-response', call, status: 256 }, style())).toBe(
      'response helper name:r0 volume:0 minor:0 helper:quorum-lost status:256',
    );
    expect(renderEvent({ kind: 'rename', resourceName: 'r0', newName: 'rnew' }, style())).toBe(
      'rename resource name:r0 new_name:rnew',
    );
    const tracker = new StateTracker();
    tracker.start({ resources: [alone] });
    const lines = tracker.apply({ kind: 'removed', resourceName: 'r0' }).map((event) => renderEvent(event, style()));
    expect(lines).toEqual([
      'destroy path name:r0 peer-node-id:1 conn-name:bob local:ipv4:10.0.0.1:7000 peer:ipv4:10.0.0.2:7000',
      'destroy connection name:r0 peer-node-id:1 conn-name:bob',
      'destroy device name:r0 volume:0',
      'destroy resource name:r0',
    ]);
  });
});
