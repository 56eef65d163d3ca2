/** What may stand only once, and where it stood first. Source: config.md 7.2. */
import { ConfigError, type Position } from '../model';

/** The first conflict ends the reading. Keys of different kinds share one table, as in DRBD. */
export class UniquenessTable {
  private readonly seen = new Map<string, Position>();

  clear(): void {
    this.seen.clear();
  }

  /** `what` names the kind of thing in the message, `key` the thing. */
  claim(what: string, key: string, position: Position): void {
    const first = this.seen.get(key);
    if (first !== undefined) {
      throw new ConfigError(
        `${position.openedAs}:${position.line}: conflicting use of ${what} '${key}' ...\n` +
          `${first.openedAs}:${first.line}: ${what} '${key}' first used here.`,
      );
    }
    this.seen.set(key, position);
  }
}
