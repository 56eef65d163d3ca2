/** What may stand only once, and where it stood first. Source: config.md 7.2. */
import { ConfigError, type Position } from '../model';

/** The first conflict ends the reading. Keys of different kinds share one table, as in DRBD. */
export class UniquenessTable {
  private readonly seen = new Map<string, Position>();
  private readonly seenIn = new Map<string, Map<string | number, Position>>();

  clear(): void {
    this.seen.clear();
    this.seenIn.clear();
  }

  /** `what` names the kind of thing in the message, `key` the thing. */
  claim(what: string, key: string, position: Position): void {
    const first = this.seen.get(key);
    if (first !== undefined) throw conflict(what, key, first, position);
    this.seen.set(key, position);
  }

  /** The key `scope:value`, put together only for the message: there is one of these for every disk of every host. */
  claimIn(what: string, scope: string, value: string | number, position: Position): void {
    let values = this.seenIn.get(scope);
    if (values === undefined) this.seenIn.set(scope, (values = new Map<string | number, Position>()));
    const first = values.get(value);
    if (first !== undefined) throw conflict(what, `${scope}:${value}`, first, position);
    values.set(value, position);
  }
}

function conflict(what: string, key: string, first: Position, position: Position): ConfigError {
  return new ConfigError(
    `${position.openedAs}:${position.line}: conflicting use of ${what} '${key}' ...\n` +
      `${first.openedAs}:${first.line}: ${what} '${key}' first used here.`,
  );
}
