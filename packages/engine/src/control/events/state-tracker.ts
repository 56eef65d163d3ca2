/**
 * One reader's view of the node: turns what the backend reports into batches of object events.
 *
 * Every reader has a tracker of its own. Sharing one would let a reader's dump be newer than the state that the next
 * difference is taken from, and it would be told of changes it has already seen.
 */
import type { ControlEvent } from '../control-backend';
import type { NodeState, ResourceState } from '../schema/node-state';
import { diffObjects } from './diff';
import { objectsOf, type ControlObject } from './object';
import type { ObjectEvent } from './object-event';

/** What was last told of it. Taken apart once, not for each difference anew. */
interface KnownResource {
  readonly state: ResourceState;
  readonly objects: readonly ControlObject[];
}

export class StateTracker {
  private readonly resources = new Map<string, KnownResource>();

  /** `only`: the name of the one resource to tell of; it stays the filter even after a rename, as in DRBD. */
  constructor(private readonly only?: string) {}

  /** The dump: one list for each resource by name, then the end mark. */
  start(node: NodeState): ObjectEvent[][] {
    const shown = node.resources.filter((resource) => this.concerns(resource.name));
    const batches = [...shown]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((resource) => this.keep(resource).map((object): ObjectEvent => ({ kind: 'exists', object })));
    return [...batches, [{ kind: 'exists-end' }]];
  }

  /** By what was last told, something is being synchronised or verified. */
  get hasProgress(): boolean {
    return [...this.resources.values()].some(({ state }) => isSynchronised(state));
  }

  /** What to tell of `event`; empty when nothing. */
  apply(event: ControlEvent): ObjectEvent[] {
    switch (event.kind) {
      case 'changed': {
        const { resource } = event;
        if (!this.concerns(resource.name)) return [];
        const before = this.resources.get(resource.name)?.objects ?? [];
        return diffObjects(before, this.keep(resource));
      }
      case 'removed': {
        const before = this.resources.get(event.resourceName)?.objects ?? [];
        this.resources.delete(event.resourceName);
        return diffObjects(before, []);
      }
      case 'renamed': {
        const before = this.resources.get(event.resourceName);
        if (before === undefined) return [];
        this.resources.delete(event.resourceName);
        if (this.concerns(event.newName)) this.keep({ ...before.state, name: event.newName });
        return [{ kind: 'rename', resourceName: event.resourceName, newName: event.newName }];
      }
      case 'helper-call':
      case 'helper-response':
        return this.concerns(event.call.resourceName) ? [event] : [];
    }
  }

  private keep(state: ResourceState): readonly ControlObject[] {
    const objects = objectsOf(state);
    this.resources.set(state.name, { state, objects });
    return objects;
  }

  private concerns(resourceName: string): boolean {
    return this.only === undefined || this.only === resourceName;
  }
}

export const isSynchronised = ({ connections }: ResourceState): boolean =>
  connections.some(({ peerDevices }) => peerDevices.some(({ sync }) => sync !== null));
