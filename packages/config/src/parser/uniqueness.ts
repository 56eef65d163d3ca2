/** What may stand only once, and where it stood first. Source: config.md 7.2. */
import { ConfigError, type Position } from '../model';

/** What belongs to one volume of a host. */
export type HostScope = 'device-minor' | 'device' | 'disk' | 'meta-disk';

export interface HostClaim {
  readonly scope: HostScope;
  readonly value: string | number;
  readonly position: Position;
}

/** A value as these hosts use it; others may use the same. */
interface HostUse {
  readonly hosts: readonly string[];
  readonly position: Position;
  readonly others: HostUse | undefined;
}

/** In the whole run. The first conflict ends the reading. */
export class UniquenessTable {
  private readonly seen = new Map<string, Position>();
  private readonly ofHosts: Readonly<Record<HostScope, Map<string | number, HostUse>>> = {
    'device-minor': new Map(),
    device: new Map(),
    disk: new Map(),
    'meta-disk': new Map(),
  };

  /** `what` names the kind of thing in the message, `key` the thing. Keys of different kinds share one table, as in DRBD. */
  claim(what: string, key: string, position: Position): void {
    const first = this.seen.get(key);
    if (first !== undefined) throw conflict(what, key, first, position);
    this.seen.set(key, position);
  }

  claimOnHost(scope: HostScope, host: string, value: string | number, position: Position): void {
    const uses = this.ofHosts[scope];
    const others = uses.get(value);
    for (let use = others; use !== undefined; use = use.others) {
      if (!use.hosts.includes(host)) continue;
      const key = scope === 'meta-disk' ? `${host}:${value}` : `${scope}:${host}:${value}`;
      throw conflict(scope, key, use.position, position);
    }
    uses.set(value, { hosts: [host], position, others });
  }

  /** All of them on all of the hosts, which differ. False, and nothing is claimed, if there is a conflict. */
  claimOnHosts(hosts: readonly string[], claims: readonly HostClaim[]): boolean {
    for (let at = 0; at < claims.length; at += 1) {
      const claim = claims[at];
      if (claim === undefined || this.claimIfFree(hosts, claim)) continue;
      for (const made of claims.slice(0, at).reverse()) this.takeBack(made);
      return false;
    }
    return true;
  }

  private claimIfFree(hosts: readonly string[], { scope, value, position }: HostClaim): boolean {
    const uses = this.ofHosts[scope];
    const others = uses.get(value);
    for (let use = others; use !== undefined; use = use.others) {
      if (use.hosts.some((host) => hosts.includes(host))) return false;
    }
    uses.set(value, { hosts, position, others });
    return true;
  }

  /** The last one of its value. */
  private takeBack({ scope, value }: HostClaim): void {
    const uses = this.ofHosts[scope];
    const others = uses.get(value)?.others;
    if (others === undefined) uses.delete(value);
    else uses.set(value, others);
  }
}

interface Statement {
  readonly word: string;
  readonly position: Position;
  readonly before: Statement | undefined;
}

/** What one owner says in one resource: a host, or the resource itself, whose name as an owner is empty. */
export class OwnStatements {
  private last: Statement | undefined = undefined;

  constructor(
    readonly resource: string,
    private readonly owner: string,
  ) {}

  claim(what: string, word: string, position: Position): void {
    for (let first = this.last; first !== undefined; first = first.before) {
      if (first.word !== word) continue;
      throw conflict(what, `${this.resource}:${keyInResource(this.owner, word)}`, first.position, position);
    }
    this.last = { word, position, before: this.last };
  }
}

/** The statements of one resource, and of its template. The first conflict ends the reading. */
export class StatementTable {
  private readonly byOwner = new Map<string, OwnStatements>();

  clear(): void {
    this.byOwner.clear();
  }

  /** A template is read in the middle of its resource, but no statement before it is looked at again. */
  of(resource: string, owner: string): OwnStatements {
    let own = this.byOwner.get(owner);
    if (own?.resource !== resource) this.byOwner.set(owner, (own = new OwnStatements(resource, owner)));
    return own;
  }
}

/** The host section itself. */
export const HOST_SECTION = 'on';

function keyInResource(owner: string, word: string): string {
  if (owner === '') return word;
  return word === HOST_SECTION ? ` on ${owner}` : `${owner}:${word}`;
}

function conflict(what: string, key: string, first: Position, position: Position): ConfigError {
  return new ConfigError(
    `${position.openedAs}:${position.line}: conflicting use of ${what} '${key}' ...\n` +
      `${first.openedAs}:${first.line}: ${what} '${key}' first used here.`,
  );
}
