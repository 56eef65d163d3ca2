/** wait-connect-* and wait-sync-*. Source: setup.md 7.4. */
import { waitFor } from '../wait/wait-for';
import { WAIT_OPTIONS, waitTimeouts, waitsAfterSplitBrain } from '../wait/wait-options';
import type { WaitGoal } from '../wait/wait-rule';
import type { ArgumentName, QueryCommand } from './command';

type Scope = 'volume' | 'connection' | 'resource';

const SCOPE_ARGUMENTS: Readonly<Record<Scope, readonly ArgumentName[]>> = {
  volume: ['resource', 'peer_node_id', 'volume'],
  connection: ['resource', 'peer_node_id'],
  resource: ['resource'],
};

function wait(goal: WaitGoal, scope: Scope, summary: string): QueryCommand {
  return {
    kind: 'query',
    name: `wait-${goal}-${scope}`,
    summary,
    arguments: SCOPE_ARGUMENTS[scope],
    options: WAIT_OPTIONS,
    run: (context, args, options) =>
      waitFor(context, {
        goal,
        target: {
          resourceName: args.resource,
          peerNodeId: scope === 'resource' ? null : args.peerNodeId,
          volume: scope === 'volume' ? args.volume : null,
        },
        timeouts: waitTimeouts(options, (line) => context.io.stderr.write(`${line}\n`)),
        afterSplitBrain: waitsAfterSplitBrain(options) ? 'wait on' : 'give up',
        looksAtConnections: scope !== 'volume',
      }),
  };
}

export const waitCommands: readonly QueryCommand[] = [
  wait('sync', 'volume', 'Wait until resync finished on a volume.'),
  wait('sync', 'connection', 'Wait until resync finished on all volumes of a connection.'),
  wait('sync', 'resource', 'Wait until resync finished on all volumes.'),
  wait('connect', 'volume', 'Wait until a device on a peer is visible.'),
  wait('connect', 'connection', 'Wait until all peer volumes of connection are visible.'),
  wait('connect', 'resource', 'Wait until all connections are establised.'),
];
