/** What no user may ever see: a JavaScript stack trace, or the name of an internal error. */
import type { TestNode } from './node';
import type { Outcome } from './programs';

const TRACE =
  /^\s+at .+:\d+:\d+\)?$|node:internal|"stack":|\bTypeError\b|\bRangeError\b|UnhandledPromise|\bundefined\b/m;

export function expectNoTrace(...from: readonly (Outcome | TestNode)[]): void {
  for (const each of from) {
    const text = 'code' in each ? each.stdout + each.stderr : each.log();
    expect(TRACE.exec(text)?.[0]).toBeUndefined();
    // pino's level 60: the engine gave up, as after a bug.
    if (!('code' in each)) expect(text).not.toMatch(/"level":60|bug in a control command/);
  }
}
