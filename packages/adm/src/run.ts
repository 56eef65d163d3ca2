/** The program: one command line in, an exit code out. The order of a run: adm.md 1.11. */
import { bytesOf, ConfigError, type CliIo } from '@tsdrbd/config';
import { AdmExit, EXIT } from './adm-exit';
import { parseCommandLine, type Invocation } from './command-line/invocation';
import { versionText } from './command-line/version';
import { isHandler } from './commands/command-table';
import { runDeferred } from './commands/deferred';
import { dump } from './commands/dump';
import { runHandlers, runImmediate } from './commands/immediate';
import { minorCountParameter, runNop, showAllStatus } from './commands/without-names';
import { waitForAll } from './commands/wait-con-int';
import { findConfigFile } from './config-file';
import { loadContext } from './run-context';
import { realSystem, type AdmSystem } from './system';

/** Never throws for what a user can cause. */
export async function run(argv: readonly string[], io: CliIo, system: AdmSystem = realSystem(io)): Promise<number> {
  try {
    const nodeName = io.env['__DRBD_NODE__'];
    if (nodeName !== undefined) {
      io.stderr.write(`\n   found __DRBD_NODE__ in environment\n   PRETENDING that I am >>${bytesOf(nodeName)}<<\n\n`);
    }
    const parsed = parseCommandLine(argv, system.names.adm);
    if (parsed.kind === 'version') {
      io.stdout.write(versionText(io.env['DRBD_DRIVER_VERSION_OVERRIDE']));
      return EXIT.ok;
    }
    for (const remark of parsed.remarks) io.stderr.write(`${remark}\n`);
    return await runInvocation(parsed.invocation, io, system);
  } catch (error) {
    return report(error, io);
  }
}

async function runInvocation(invocation: Invocation, io: CliIo, system: AdmSystem): Promise<number> {
  const configFile = await findConfigFile(invocation, io, system);
  const context = await loadContext(invocation, configFile, io, system);
  switch (invocation.command) {
    case 'sh-nop':
      return runNop(context);
    case 'sh-resources':
      for (const { name } of context.selectable()) io.stdout.write(`${name}\n`);
      return EXIT.ok;
    case 'sh-mod-parms':
      io.stdout.write(minorCountParameter(context));
      return EXIT.ok;
    case 'wait-con-int':
      return await waitForAll(context);
    case 'dump':
    case 'dump-xml':
      return dump(context);
    case 'status':
      return invocation.resourceWords.length === 0 ? await showAllStatus(context) : await runImmediate(context);
    case 'up':
    case 'adjust':
    case 'adjust-with-progress':
    case 'sh-list-adjustable':
      return await runDeferred(context);
    default:
      return isHandler(invocation.command) ? await runHandlers(context) : await runImmediate(context);
  }
}

function report(error: unknown, io: CliIo): number {
  if (error instanceof AdmExit) {
    if (error.stream === 'stdout') io.stdout.write(error.message);
    else if (error.message !== '') io.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof ConfigError) {
    if (error.text !== '') io.stderr.write(`${error.text}\n`);
    return error.exitCode;
  }
  // A bug: let it be seen.
  throw error;
}
