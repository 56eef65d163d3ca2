/** An address and port belong to one resource. Sources: config.md 7.3 (D). */
import { isLoopback, NOWHERE, sameAddress, type Address, type Position, type ResourceSection } from '../model';
import { report, type ParseRun } from '../parser/parse-run';

interface Use {
  readonly resource: ResourceSection;
  readonly position: Position;
}

interface FirstUse extends Use {
  /** One conflict is told of, however many resources have the address. */
  isTold: boolean;
}

/** First uses by family, address and port. */
type Uses = Map<string, Map<string, FirstUse>>;

/** Loopback addresses may be used again: they differ from host to host. */
export function checkAddressConflicts(run: ParseRun, resources: readonly ResourceSection[]): void {
  const uses: Readonly<Record<Address['family'], Uses>> = {
    ipv4: new Map(),
    ipv6: new Map(),
    sdp: new Map(),
    ssocks: new Map(),
  };
  for (const resource of resources) {
    // The connections of a mesh share the addresses of their hosts.
    const seen: Address[] = [];
    if (resource.implied !== undefined) {
      const { members, position } = resource.implied;
      for (const { address } of members) {
        if (address !== undefined) checkUse(run, uses, address, seen, { resource, position });
      }
      continue;
    }
    for (const connection of resource.unsettledConnections) {
      const position = connection.position === NOWHERE ? resource.position : connection.position;
      for (const { endpoints } of connection.paths) {
        const a = endpoints[0]?.resolvedAddress;
        const b = endpoints[1]?.resolvedAddress;
        if (a !== undefined && b !== undefined && !isLoopback(a) && sameAddress(a, b)) {
          report(
            run,
            'late',
            `${position.file}:${position.line}: in resource ${resource.name} ${keyOf(a)} is used for both endpoints`,
          );
        }
        if (a !== undefined) checkUse(run, uses, a, seen, { resource, position });
        if (b !== undefined) checkUse(run, uses, b, seen, { resource, position });
      }
    }
  }
}

function checkUse(
  run: ParseRun,
  usesOf: Readonly<Record<Address['family'], Uses>>,
  address: Address,
  seen: Address[],
  use: Use,
): void {
  if (seen.includes(address)) return;
  seen.push(address);
  if (isLoopback(address)) return;
  const uses = usesOf[address.family];
  let byPort = uses.get(address.address);
  if (byPort === undefined) uses.set(address.address, (byPort = new Map<string, FirstUse>()));
  const first = byPort.get(address.port);
  if (first === undefined) {
    byPort.set(address.port, { resource: use.resource, position: use.position, isTold: false });
  } else if (first.resource !== use.resource && !first.isTold) {
    first.isTold = true;
    const { file, line } = use.position;
    report(
      run,
      'late',
      `${file}:${line}: in resource ${use.resource.name}\n    ${keyOf(address)} is also used ` +
        `${first.position.file}:${first.position.line} (resource ${first.resource.name})`,
    );
  }
}

function keyOf(address: Address): string {
  return `${address.family}:${address.address}:${address.port}`;
}
