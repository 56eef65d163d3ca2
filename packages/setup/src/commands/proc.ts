import { procVolumes, renderProcDrbd } from '@tsdrbd/engine/control';
import { EXIT_FAILURE, EXIT_OK, SetupExit } from '../setup-exit';
import type { QueryCommand } from './command';

/**
 * What /proc/drbd says where the kernel's DRBD is loaded, in the layout of 8.4: for scripts that read it. Without an
 * engine there is nothing to read, as there is no file without the module. Source: setup.md 8.
 */
export const proc: QueryCommand = {
  kind: 'query',
  name: 'proc',
  summary: 'Show all devices in the format of /proc/drbd.',
  arguments: [],
  options: [{ name: 'json', short: 'j', value: 'none' }],
  async run({ io, client }, _args, options) {
    const node = await client.state();
    if (node === null) throw new SetupExit(EXIT_FAILURE, 'proc: no engine is running\n');
    io.stdout.write(options.has('json') ? `${JSON.stringify(procVolumes(node), null, 2)}\n` : renderProcDrbd(node));
    return EXIT_OK;
  },
};
