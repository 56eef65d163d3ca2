/** wait-connect and wait-sync. Source: adm.md 6.1. */
import type { ResolvedResource } from '@tsdrbd/config';
import type { Step } from '../plan/command';
import { configured } from '../plan/emitted-options';
import { setupCommand } from '../plan/setup-commands';
import type { Target } from './target';

export function waitSteps(goal: 'connect' | 'sync', target: Target, backend: readonly string[]): readonly Step[] {
  const { resource, peer, volume } = target;
  const words =
    peer === null
      ? [`wait-${goal}-resource`, resource.name]
      : volume === null
        ? [`wait-${goal}-connection`, resource.name, peer.peerNodeId]
        : [`wait-${goal}-volume`, resource.name, peer.peerNodeId, `${volume.number}`];
  const command = setupCommand(
    resource.name,
    [...words, ...timeoutWords(resource, backend)],
    `wait until ${goal === 'connect' ? 'connected' : 'in sync'}`,
    'forever',
  );
  return [{ kind: 'wait', command, timeout: 'passed-on' }];
}

/** `become-primary-on` stands among the startup options for old files, and means nothing. */
const TIMEOUT_OPTIONS = new Set([
  'wfc-timeout',
  'degr-wfc-timeout',
  'outdated-wfc-timeout',
  'stacked-timeouts',
  'wait-after-sb',
]);

const CONNECT_INT_DEFAULT_S = 10;

function timeoutWords(resource: ResolvedResource, backend: readonly string[]): readonly string[] {
  if (resource.lowerResource === null || resource.stackedTimeouts) return startupWords(resource, backend);
  const connectInt = resource.netOptions.find(({ name }) => name === 'connect-int')?.value;
  const seconds = 2 * (connectInt === undefined ? CONNECT_INT_DEFAULT_S : Number(connectInt));
  return ['--wfc-timeout', `${seconds}`];
}

export function startupWords(resource: ResolvedResource, backend: readonly string[]): readonly string[] {
  return configured(
    resource.startupOptions.filter(({ name }) => TIMEOUT_OPTIONS.has(name)),
    backend,
  );
}
