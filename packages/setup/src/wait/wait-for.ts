/** Waits for peer devices to connect or to be in sync: reads the event stream until the rule says it is over. */
import { ControlError, type ControlClient } from '@tsdrbd/engine/control/client';
import { ERR, replyText } from '@tsdrbd/engine/control';
import type { NodeState, ResourceState } from '@tsdrbd/engine/control';
import type { CommandContext } from '../commands/command';
import { EXIT_ENGINE_GONE, EXIT_OK, EXIT_WAIT_TIMEOUT, SetupExit } from '../setup-exit';
import { progressLine } from './progress-line';
import type { WaitTimeouts } from './wait-options';
import type { WaitGoal, WaitTarget } from './wait-rule';
import { givenUp, keyOf, reached, timeoutSeconds, waitedFor } from './wait-rule';

const MS_PER_SECOND = 1000;
/** How often a terminal's progress line is redrawn. */
const PROGRESS_MS = 500;

export interface WaitOptions {
  readonly goal: WaitGoal;
  readonly target: WaitTarget;
  readonly timeouts: WaitTimeouts;
  readonly afterSplitBrain: 'wait on' | 'give up';
  /** The -volume commands do not look at connection states. */
  readonly looksAtConnections: boolean;
}

/** The exit code. Throws SetupExit, ControlError. */
export async function waitFor(context: CommandContext, options: WaitOptions): Promise<number> {
  const { io, client } = context;
  const { target } = options;
  const resource = find(await client.state(target.resourceName), target);
  if (resource === undefined) {
    const code = ERR.ERR_RES_NOT_KNOWN;
    throw new SetupExit(EXIT_OK, `${target.resourceName}: Failure: (${code}) ${replyText(code)}\n`);
  }
  const wait = new Wait(options, resource, (line) => io.stderr.write(`${line}\n`));
  if (wait.look(resource)) return wait.exitCode();

  const stop = new AbortController();
  const timers = wait.timeoutsMs().map(([key, ms]) =>
    setTimeout(() => {
      wait.expire(key);
      if (wait.isOver()) stop.abort();
    }, ms),
  );
  const progress = io.stdout.isTTY === true && options.goal === 'sync' ? showProgress(context, target) : null;
  try {
    await readOn(client, { resourceName: target.resourceName, signal: stop.signal }, async () => {
      const now = find(await client.state(target.resourceName), target);
      return now === undefined || wait.look(now);
    });
  } catch (error) {
    if (!(error instanceof ControlError) || error.code !== 'no-daemon') throw error;
    throw new SetupExit(EXIT_ENGINE_GONE, `${target.resourceName}: module unloaded\n`);
  } finally {
    timers.forEach(clearTimeout);
    progress?.end();
  }
  return wait.exitCode();
}

/** Calls `isOver` after every change until it says so. Changes that were too many to be read are one to it. */
async function readOn(
  client: ControlClient,
  options: { readonly resourceName: string; readonly signal: AbortSignal },
  isOver: () => Promise<boolean>,
): Promise<void> {
  for (;;) {
    try {
      for await (const _batch of client.events(options)) if (await isOver()) return;
      return;
    } catch (error) {
      if (!(error instanceof ControlError) || error.code !== 'cut-off') throw error;
    }
  }
}

const find = (node: NodeState | null, target: WaitTarget): ResourceState | undefined =>
  node?.resources.find((each) => each.name === target.resourceName);

class Wait {
  private readonly timeouts: ReadonlyMap<string, number>;
  private readonly expired = new Set<string>();
  private readonly pointedOut = new Set<string>();
  private open: readonly string[] = [];
  private count = 0;

  constructor(
    private readonly options: WaitOptions,
    atStart: ResourceState,
    private readonly note: (line: string) => void,
  ) {
    const all = waitedFor(atStart, options.target);
    this.timeouts = new Map(all.map((each) => [keyOf(each), timeoutSeconds(each, options.timeouts)]));
  }

  timeoutsMs(): Array<[string, number]> {
    return [...this.timeouts]
      .filter(([, seconds]) => seconds > 0)
      .map(([key, seconds]) => [key, seconds * MS_PER_SECOND]);
  }

  /** Is the wait over, seeing the resource as it is now? */
  look(resource: ResourceState): boolean {
    const all = waitedFor(resource, this.options.target);
    this.count = all.length;
    this.open = all.filter((each) => !reached(this.options.goal, each) && !this.isGivenUp(each, resource)).map(keyOf);
    return this.isOver();
  }

  expire(key: string): void {
    if (this.open.includes(key)) this.expired.add(key);
  }

  isOver(): boolean {
    return this.open.every((key) => this.expired.has(key));
  }

  exitCode(): number {
    const allExpired = this.count > 0 && this.open.length === this.count && this.isOver();
    return allExpired ? EXIT_WAIT_TIMEOUT : EXIT_OK;
  }

  private isGivenUp(each: Parameters<typeof givenUp>[0], resource: ResourceState): boolean {
    if (!this.options.looksAtConnections || !givenUp(each)) return false;
    if (this.options.afterSplitBrain === 'give up') return true;
    const { peerNodeId, name, connectionState } = each.connection;
    const text = `drbd ${resource.name} connection to peer-id ${peerNodeId} ('${name}') is ${connectionState}, but I'm configured to wait anways (--wait-after-sb)`;
    if (!this.pointedOut.has(text)) this.note(`\n${text}`);
    this.pointedOut.add(text);
    return false;
  }
}

/** Redraws the line until `end`, which leaves the terminal on a fresh one. */
function showProgress({ io, client }: CommandContext, target: WaitTarget): { end(): void } {
  let drawnColumns = 0;
  const timer = setInterval(() => {
    void client
      .state(target.resourceName)
      .then((node) => {
        const resource = find(node, target);
        const line = resource === undefined ? null : progressLine(resource, target);
        if (line === null) return;
        io.stdout.write(`\r${line.padEnd(drawnColumns)}`);
        drawnColumns = line.length;
      })
      // The progress line is an extra: what ails the daemon is the event stream's to report.
      .catch(() => undefined);
  }, PROGRESS_MS);
  return {
    end: () => {
      clearInterval(timer);
      if (drawnColumns > 0) io.stdout.write('\n');
    },
  };
}
