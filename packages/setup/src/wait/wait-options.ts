/** Timeouts of the wait commands. Source: setup.md 7.4, 1.4. */
import { parseNumber } from '../command-line/parse-number';
import type { QueryOption, QueryOptions } from '../commands/command';
import { EXIT_USAGE, SetupExit } from '../setup-exit';

export const WAIT_OPTIONS: readonly QueryOption[] = [
  { name: 'wfc-timeout', short: 't', value: 'required' },
  { name: 'degr-wfc-timeout', short: 'd', value: 'required' },
  { name: 'outdated-wfc-timeout', short: 'o', value: 'required' },
  { name: 'wait-after-sb', short: 'w', value: 'optional' },
];

const SECONDS_MAX = 300_000;

/** Seconds; 0 is forever. */
export interface WaitTimeouts {
  readonly wfcSeconds: number;
  readonly degrWfcSeconds: number;
  readonly outdatedWfcSeconds: number;
}

/** Enforces wfc >= degr >= outdated: the lower one gives way, and `note` is told so. Throws SetupExit. */
export function waitTimeouts(options: QueryOptions, note: (line: string) => void): WaitTimeouts {
  const wfcSeconds = seconds(options, 'wfc-timeout');
  const degrWfcSeconds = notAbove(
    ['degr-wfc-timeout', seconds(options, 'degr-wfc-timeout')],
    ['wfc-timeout', wfcSeconds],
    note,
  );
  const outdatedWfcSeconds = notAbove(
    ['outdated-wfc-timeout', seconds(options, 'outdated-wfc-timeout')],
    ['degr-wfc-timeout', degrWfcSeconds],
    note,
  );
  return { wfcSeconds, degrWfcSeconds, outdatedWfcSeconds };
}

function notAbove(
  [lowerName, lower]: readonly [string, number],
  [upperName, upper]: readonly [string, number],
  note: (line: string) => void,
): number {
  if ((lower || Infinity) <= (upper || Infinity)) return lower;
  note(`${lowerName} has to be shorter than ${upperName}`);
  note(`${lowerName} implicitly set to ${upperName} (${upper}s)`);
  return upper;
}

function seconds(options: QueryOptions, name: string): number {
  const given = options.get(name);
  if (given === undefined) return 0;
  const value = parseNumber(given.value ?? '');
  if (value < 0 || value > SECONDS_MAX) {
    throw new SetupExit(EXIT_USAGE, `${name.replaceAll('-', '_')} => ${value} out of range [0..${SECONDS_MAX}]\n`);
  }
  return value;
}

export function waitsAfterSplitBrain(options: QueryOptions): boolean {
  const given = options.get('wait-after-sb');
  return given !== undefined && given.value !== 'no';
}
