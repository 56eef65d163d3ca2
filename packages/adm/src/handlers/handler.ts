/** A handler: what the engine calls when something happened. Source: adm.md 7.2. */
import type { ResolvedResource } from '@tsdrbd/config';
import type { Command } from '../plan/command';
import { run, type Step } from '../plan/command';
import { shellEscape } from '../execute/command-text';

/** Node ids go from 0 to 31; variables of ids that the configuration does not have are cleared. */
const NODE_ID_COUNT = 32;

/** No handler configured: nothing to do, and that is success. */
export function handlerSteps(
  handler: string,
  resource: ResolvedResource,
  configFile: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly Step[] {
  const text = resource.handlers.get(handler);
  if (text === undefined) return [];
  const command: Command = {
    program: 'shell',
    argv: ['-c', text],
    timeLimit: 'long',
    resource: resource.name,
    environment: handlerEnvironment(resource, configFile, env),
    why: handler,
  };
  return [run(command)];
}

/** Lists over all volumes of this host, separated by blanks; they replace what the engine passed. */
export function handlerEnvironment(
  resource: ResolvedResource,
  configFile: string,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  const { volumes, hosts } = resource;
  const nodeIds = Object.fromEntries(
    Array.from({ length: NODE_ID_COUNT }, (_, nodeId) => [`DRBD_NODE_ID_${nodeId}`, undefined as string | undefined]),
  );
  for (const { names, nodeId } of hosts) nodeIds[`DRBD_NODE_ID_${nodeId}`] = names.join(' ');
  return {
    ...nodeIds,
    DRBD_CONF: configFile,
    DRBD_RESOURCE: resource.name,
    DRBD_MINOR: volumes.map(({ minor }) => `${minor}`).join(' '),
    DRBD_VOLUME: volumes.map(({ number }) => `${number}`).join(' '),
    DRBD_LL_DISK: volumes.map(({ backing }) => shellEscape(backing?.disk ?? 'none')).join(' '),
    DRBD_MY_NODE_ID: env['DRBD_MY_NODE_ID'] ?? resource.nodeId,
  };
}
