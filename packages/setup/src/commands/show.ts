import { renderShowJson } from '../render/show-json';
import { renderShow } from '../render/show-text';
import { EXIT_OK } from '../setup-exit';
import type { QueryCommand } from './command';
import { NOTHING_CONFIGURED } from './status';

/** Source: setup.md 6. */
export const show: QueryCommand = {
  kind: 'query',
  name: 'show',
  summary: 'Show the current configuration of a resource, or of all resources.',
  arguments: ['resource-or-all'],
  ignoresExcess: true,
  options: [
    { name: 'show-defaults', short: 'D', value: 'none' },
    { name: 'json', short: 'j', value: 'none' },
  ],
  async run({ io, client }, { resourceOrAll }, options) {
    const all = (await client.state()) ?? { resources: [] };
    const shown = { resources: all.resources.filter((each) => resourceOrAll === null || each.name === resourceOrAll) };
    if (options.has('json')) io.stdout.write(renderShowJson(shown));
    else if (all.resources.length === 0) io.stdout.write(NOTHING_CONFIGURED);
    else io.stdout.write(renderShow(shown, { defaults: options.has('show-defaults') ? 'shown' : 'hidden' }));
    return EXIT_OK;
  },
};
