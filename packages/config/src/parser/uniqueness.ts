/** What may stand only once, and where it stood first. Source: config.md 7.2. */
import { ConfigError, type Position } from '../model';

/** What belongs to one volume of a host. */
export type HostScope = 'device-minor' | 'device' | 'disk' | 'meta-disk';

/** In the whole run. The first conflict ends the reading. */
export class UniquenessTable {
  private readonly seen = new Map<string, Position>();
  private readonly ofHosts = new Map<HostScope, Map<string, Map<string | number, Position>>>();

  /** `what` names the kind of thing in the message, `key` the thing. Keys of different kinds share one table, as in DRBD. */
  claim(what: string, key: string, position: Position): void {
    const first = this.seen.get(key);
    if (first !== undefined) throw conflict(what, key, first, position);
    this.seen.set(key, position);
  }

  /** Keys are put together only for the message: there is one for every disk of every host. */
  claimOnHost(scope: HostScope, host: string, value: string | number, position: Position): void {
    const values = inner(inner(this.ofHosts, scope), host);
    const first = values.get(value);
    if (first !== undefined) {
      const key = scope === 'meta-disk' ? `${host}:${value}` : `${scope}:${host}:${value}`;
      throw conflict(scope, key, first, position);
    }
    values.set(value, position);
  }
}

function inner<Key, Value extends Map<unknown, unknown>>(outer: Map<Key, Value>, key: Key): Value {
  let found = outer.get(key);
  if (found === undefined) outer.set(key, (found = new Map() as Value));
  return found;
}

export interface StatementNames {
  readonly resource: string;
  /** The host whose section it is in; empty where it is the resource's own. */
  readonly owner: string;
  readonly word: string;
}

interface Statement {
  readonly resource: string;
  readonly word: string;
  readonly position: Position;
}

/** The statements of one resource, and of its template. The first conflict ends the reading. */
export class StatementTable {
  /** A host has a few statements, and so has the resource, whose owner is the empty name. */
  private readonly byOwner = new Map<string, Statement[]>();

  clear(): void {
    this.byOwner.clear();
  }

  claim(what: string, names: StatementNames, position: Position): void {
    const { resource, owner, word } = names;
    const statement = { resource, word, position };
    const statements = this.byOwner.get(owner);
    if (statements === undefined) {
      this.byOwner.set(owner, [statement]);
      return;
    }
    for (let at = 0; at < statements.length; at += 1) {
      const first = statements[at];
      if (first?.word !== word || first.resource !== resource) continue;
      throw conflict(what, `${resource}:${keyInResource(owner, word)}`, first.position, position);
    }
    statements.push(statement);
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
