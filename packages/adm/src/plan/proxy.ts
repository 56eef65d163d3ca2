/**
 * The drbd-proxy-ctl command lines for the proxies on this host. tsdrbd works without the proxy: dry-run shows what the
 * original would do, and where it would act, that it is not supported is told. Source: adm.md 2.6, transcripts.
 */
import { formatEndpoint, isSameHost, type ResolvedConnection, type ResolvedProxy } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import type { Command, Step } from './command';
import { optionWord } from './emitted-options';

/** `asked-for`: by proxy-up or proxy-down, which fail then; `on-the-way`: by adjust, whose other work goes on. */
export type ProxyPurpose = 'asked-for' | 'on-the-way';

/** The proxies of a connection that may run on this host. */
export function proxiesHere({ paths }: ResolvedConnection, hostName: string): readonly ResolvedProxy[] {
  return paths.flatMap(({ proxy }) => (proxy?.hosts.some((host) => isSameHost(host, hostName)) ? [proxy] : []));
}

export function proxyUpSteps(resourceName: string, proxy: ResolvedProxy, purpose: ProxyPurpose): readonly Step[] {
  const name = connectionName(resourceName, proxy);
  const ends = [proxy.inside, proxy.peerOutside, proxy.outside, proxy.local].map(formatEndpoint);
  const add = ['add connection', name, ...ends, ...proxy.options.map(optionWord)].join(' ');
  const settings = proxy.options.map((option) => `set ${option.name} ${name} ${option.value}`);
  const plugins = proxy.plugins.length === 0 ? [] : [...proxy.plugins, 'END'];
  const pluginSettings = plugins.map((words, index) => `set plugin ${name} ${index} ${words}`);
  const set = [...settings, ...pluginSettings];
  return [[add], set]
    .filter((statements) => statements.length > 0)
    .map((statements) => step(resourceName, statements, purpose));
}

export function proxyDownSteps(resourceName: string, proxy: ResolvedProxy): readonly Step[] {
  const { peerProxyHosts, hosts } = proxy;
  // Versions before 9.34 named the connection after the proxies' hosts.
  const formerName = `${resourceName}-${peerProxyHosts.join('_')}-${hosts.join('_')}`;
  const names = new Set([connectionName(resourceName, proxy), formerName]);
  return [...names].map((name) => step(resourceName, [`del connection ${name}`], 'asked-for'));
}

function connectionName(resourceName: string, { peerHostNames, hostNames }: ResolvedProxy): string {
  return `${resourceName}-${peerHostNames.join('_')}-${hostNames.join('_')}`;
}

function step(resourceName: string, statements: readonly string[], purpose: ProxyPurpose): Step {
  const command: Command = {
    program: 'proxy',
    argv: statements.flatMap((statement) => ['-c', statement]),
    timeLimit: 'short',
    resource: resourceName,
    why: 'the proxy of a connection',
  };
  return { kind: 'not-supported', command, exitCode: purpose === 'asked-for' ? EXIT.failed : EXIT.ok };
}
