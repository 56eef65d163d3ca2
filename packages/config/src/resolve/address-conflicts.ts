/** An address and port belong to one resource. Sources: config.md 7.3 (D). */
import { isLoopback, NOWHERE, type Address, type Position, type ResourceSection } from '../model';
import { report, type ParseRun } from '../parser/parse-run';

interface Use {
  readonly resource: ResourceSection;
  readonly position: Position;
}

interface FirstUse extends Use {
  /** One conflict is told of, however many resources have the address. */
  isTold: boolean;
}

/** Loopback addresses may be used again: they differ from host to host. */
export function checkAddressConflicts(run: ParseRun, resources: readonly ResourceSection[]): void {
  const uses = new Map<string, FirstUse>();
  for (const resource of resources) {
    for (const connection of resource.connections) {
      for (const { endpoints } of connection.paths) {
        const position = connection.position === NOWHERE ? resource.position : connection.position;
        const [a, b] = endpoints.map((endpoint) => keyOf(endpoint.resolvedAddress));
        if (a !== undefined && a === b) {
          report(
            run,
            'late',
            `${position.file}:${position.line}: in resource ${resource.name} ${a} is used for both endpoints`,
          );
        }
        for (const key of new Set([a, b])) {
          if (key !== undefined) checkUse(run, uses, key, { resource, position });
        }
      }
    }
  }
}

function checkUse(run: ParseRun, uses: Map<string, FirstUse>, key: string, use: Use): void {
  const first = uses.get(key);
  if (first === undefined) {
    uses.set(key, { ...use, isTold: false });
  } else if (first.resource !== use.resource && !first.isTold) {
    first.isTold = true;
    const { file, line } = use.position;
    report(
      run,
      'late',
      `${file}:${line}: in resource ${use.resource.name}\n    ${key} is also used ` +
        `${first.position.file}:${first.position.line} (resource ${first.resource.name})`,
    );
  }
}

function keyOf(address: Address | undefined): string | undefined {
  if (address === undefined || isLoopback(address)) return undefined;
  return `${address.family}:${address.address}:${address.port}`;
}
