/** Checks of one resource, made when a command takes it. Sources: config.md 7.4, 7.5. */
import { NOWHERE, settingOf, type ConnectionSection, type ResourceSection, type Surroundings } from '../model';
import { report, type ParseRun } from '../parser/parse-run';

export function validateResource(run: ParseRun, resource: ResourceSection): void {
  const where = `${resource.position.file}:${resource.position.line}: in resource ${resource.name}:`;
  if (resource.hosts.length === 0) {
    report(run, 'late', `${where}\n\ta host sections ('on ${run.surroundings.nodeName} { ... }') is missing.`);
    return;
  }
  if (resource.me === undefined) return;
  warnOfOldFencing(run, resource);
  if (!run.hasProxies) return;
  const proxies = resource.hosts.filter((host) => host.proxy !== undefined).length;
  if (proxies > 0 && proxies < resource.hosts.length) {
    report(run, 'late', `${where}\n\tEither all 'on' sections must contain a proxy subsection, or none.`);
  }
  for (const connection of resource.connections) checkProxies(run, resource, connection);
}

function checkProxies(run: ParseRun, resource: ResourceSection, connection: ConnectionSection): void {
  let endpoints = 0;
  let proxies = 0;
  for (const path of connection.paths) {
    endpoints += path.endpoints.length;
    for (const { proxy } of path.endpoints) if (proxy !== undefined) proxies += 1;
  }
  if (proxies === 0 || proxies === endpoints) return;
  // A connection that is not written has no line of its own.
  const { line } = connection.position === NOWHERE ? resource.position : connection.position;
  report(
    run,
    'late',
    `${resource.position.file}:${line}: in connection in resource ${resource.name}:\n` +
      "Either all 'host' statements must have a proxy subsection, or none.",
  );
}

const OLD_FENCING_ADVICE = `WARN:
  You are using the 'drbd-peer-outdater' as fence-peer program.
  If you use that mechanism the dopd heartbeat plugin program needs
  to be able to call drbdsetup and drbdmeta with root privileges.

  You need to fix this with these commands:
  chgrp haclient drbdsetup
  chmod o-x drbdsetup
  chmod u+s drbdsetup

  chgrp haclient drbdmeta
  chmod o-x drbdmeta
  chmod u+s drbdmeta
`;

function warnOfOldFencing(run: ParseRun, resource: ResourceSection): void {
  const handler = settingOf(resource.handlers, 'fence-peer');
  if (handler?.includes('drbd-peer-outdater')) {
    report(run, 'warning', OLD_FENCING_ADVICE);
  }
}

/** The message about the own address if no interface has it; undefined if all is well. */
export function missingOwnAddress(resource: ResourceSection, surroundings: Surroundings): string | undefined {
  const { me } = resource;
  if (resource.proxyOnly) return undefined;
  if (me?.address === undefined || me.address.family === 'sdp' || me.address.family === 'ssocks') return undefined;
  const state = surroundings.addressState(me.address);
  if (state === 'up' || (state === 'down' && me.address.family === 'ipv6')) return undefined;
  const where = `${resource.position.file}: in resource ${resource.name}, on ${me.names.join(' ')}`;
  return `${where}:\n\tIP ${me.address.address} not found on this host.`;
}
