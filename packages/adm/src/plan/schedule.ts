/**
 * Commands that are planned for all resources first and then run stage by stage: up and adjust.
 * Source: adm.md 3.1, 4.4.
 */
import type { Step } from './command';

export const STAGES = [
  'prereq',
  'resource',
  'disk-down',
  'disk-up',
  'disconnect',
  'net-down',
  'net-up',
  'path',
  'net',
  'peer-device',
  'disk',
  'connect',
  'wait',
] as const;

export type Stage = (typeof STAGES)[number];

/** What adjust-with-progress calls them. */
export const STAGE_LABELS: Readonly<Record<Stage, string>> = {
  prereq: 'create res',
  resource: 'adjust res',
  'disk-down': 'prepare disk',
  'disk-up': 'prepare disk',
  disconnect: 'prepare net',
  'net-down': 'prepare net',
  'net-up': 'prepare net',
  path: 'prepare net',
  net: 'adjust net',
  'peer-device': 'adjust peer_devices',
  disk: 'adjust disk',
  connect: 'attempt to connect',
  wait: 'wait for connection',
};

/** After a failure here, what the same stage holds for the same resource makes no sense any more. */
export const SKIPPING_STAGES: ReadonlySet<Stage> = new Set(['prereq', 'disk-down', 'disk-up', 'net-down', 'net-up']);

export interface Scheduled {
  readonly stage: Stage;
  readonly resource: string;
  /** The command's name, in messages. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Runs only after it. */
  readonly after: Scheduled | null;
}

/** Collects in order. */
export class Schedule {
  readonly items: Scheduled[] = [];
  /** What -vv tells of: the items, and in place of those that were planned twice the first attempt. */
  readonly announced: Scheduled[] = [];

  add(stage: Stage, resource: string, name: string, steps: readonly Step[], after: Scheduled | null = null): Scheduled {
    const item: Scheduled = { stage, resource, name, steps, after };
    this.addAll([item], [item]);
    return item;
  }

  addAll(items: readonly Scheduled[], announced: readonly Scheduled[]): void {
    this.items.push(...items);
    this.announced.push(...announced);
  }
}

/**
 * The order in which the items run, as runs of one stage. An item that waits for another one is left for the next
 * sweep over the stages, if the other one's stage comes later or it was scheduled later in the same stage.
 */
export function* inOrder(items: readonly Scheduled[]): Generator<{ stage: Stage; items: readonly Scheduled[] }> {
  const done = new Set<Scheduled>();
  while (done.size < items.length) {
    const doneBefore = done.size;
    for (const stage of STAGES) {
      const runnable: Scheduled[] = [];
      for (const item of items) {
        if (item.stage !== stage || done.has(item)) continue;
        if (item.after !== null && !done.has(item.after)) continue;
        runnable.push(item);
        done.add(item);
      }
      if (runnable.length > 0) yield { stage, items: runnable };
    }
    // Dependencies are made of earlier items only, so that every sweep gets somewhere.
    if (done.size === doneBefore) throw new Error('scheduled commands wait for each other');
  }
}
