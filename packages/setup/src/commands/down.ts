import { ERR } from '@tsdrbd/engine/control';
import { EXIT_OK } from '../setup-exit';
import { unregister } from '../registration';
import type { QueryCommand } from './command';
import { executeRequest } from './execute-request';

/** One resource or all; what is not there is down already. Source: setup.md 2.2. */
export const down: QueryCommand = {
  kind: 'query',
  name: 'down',
  summary: 'Take a resource down.',
  arguments: ['resource-or-all'],
  options: [],
  async run(context, { resourceOrAll }) {
    const state = await context.client.state();
    const wanted = (state?.resources ?? []).filter((each) => resourceOrAll === null || each.name === resourceOrAll);
    let exitCode = EXIT_OK;
    for (const { name, devices } of wanted) {
      const result = await executeRequest(
        context,
        name,
        { command: 'down', resource: name },
        { silent: [ERR.ERR_RES_NOT_KNOWN] },
      );
      if (result === EXIT_OK)
        unregister(context.io.env, { resourceName: name, minors: devices.map(({ minor }) => minor) });
      if (exitCode === EXIT_OK) exitCode = result;
    }
    return exitCode;
  },
};
