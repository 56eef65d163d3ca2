import type { ColorMode } from '../render/color';
import { paint } from '../render/color';
import { renderStatusJson } from '../render/status-json';
import { DEFAULT_WIDTH_COLUMNS, renderStatus } from '../render/status-text';
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE, SetupExit } from '../setup-exit';
import type { QueryCommand, QueryOptions } from './command';

export const NOTHING_CONFIGURED = '# No currently configured DRBD found.\n';

/** Source: setup.md 4. */
export const status: QueryCommand = {
  kind: 'query',
  name: 'status',
  summary: 'Show the state of a resource, or of all resources.',
  arguments: ['resource-or-all'],
  ignoresExcess: true,
  options: [
    { name: 'verbose', short: 'v', value: 'none' },
    { name: 'statistics', short: 's', value: 'none' },
    { name: 'color', short: 'c', value: 'optional' },
    { name: 'json', short: 'j', value: 'none' },
  ],
  async run({ io, client }, { resourceOrAll }, options) {
    const mode = colorMode(options);
    const all = (await client.state()) ?? { resources: [] };
    const shown =
      resourceOrAll === null ? all : { resources: all.resources.filter((each) => each.name === resourceOrAll) };
    const isMissing = resourceOrAll !== null && shown.resources.length === 0;

    if (options.has('json')) {
      io.stdout.write(renderStatusJson(shown));
    } else if (all.resources.length === 0) {
      io.stdout.write(NOTHING_CONFIGURED);
    } else {
      const isTerminal = io.stdout.isTTY === true;
      io.stdout.write(
        renderStatus(shown, {
          verbosity: options.get('verbose')?.count ?? 0,
          statistics: options.has('statistics'),
          isTerminal,
          widthColumns: (isTerminal ? io.stdout.columns : undefined) || DEFAULT_WIDTH_COLUMNS,
          paint: paint(mode, isTerminal),
        }),
      );
    }
    if (isMissing) io.stderr.write(`${resourceOrAll}: No such resource\n`);
    return isMissing ? EXIT_FAILURE : EXIT_OK;
  },
};

/** `--color` alone means always. Throws SetupExit. */
export function colorMode(options: QueryOptions): ColorMode {
  const given = options.get('color');
  if (given === undefined) return 'auto';
  const word = given.value ?? 'always';
  if (word === 'always' || word === 'auto' || word === 'never') return word;
  throw new SetupExit(EXIT_USAGE, 'unknown --color argument\n', 'command');
}
