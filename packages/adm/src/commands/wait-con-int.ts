/** `wait-con-int`: what an init script calls to wait for the peers of everything. Source: adm.md 6.2. */
import { EXIT } from '../adm-exit';
import { setupCommand } from '../plan/setup-commands';
import type { RunContext } from '../run-context';
import { startupWords } from './wait';
import { WaitDialog } from './wait-dialog';

const NOT_A_TERMINAL = 'WARN: stdin/stdout is not a TTY; using /dev/console';

/** All at the same time, until all have ended or the user has had enough; always 0, as the original. */
export async function waitForAll(context: RunContext): Promise<number> {
  const { configuration, executor, invocation, io, programs, system } = context;
  const waits = context.selectableResources().map((resource) => {
    const words = ['wait-connect-resource', resource.name, ...startupWords(resource, invocation.backendOptions)];
    const command = setupCommand(resource.name, words, 'wait for the peers', 'forever');
    return [{ kind: 'wait', command, timeout: 'passed-on' }] as const;
  });
  const { dryRun } = invocation.settings;
  const terminal = context.isOnTerminal ? { input: io.stdin, output: io.stdout } : dryRun ? null : system.openConsole();
  const output = terminal?.output ?? io.stdout;
  if (!context.isOnTerminal) {
    io.stderr.write(NOT_A_TERMINAL);
    output.write(NOT_A_TERMINAL);
  }
  if (dryRun) {
    for (const steps of waits) await executor.runSteps(steps);
    return EXIT.ok;
  }
  const dialog = new WaitDialog({
    configuration,
    output,
    input: terminal !== null && 'on' in terminal.input ? terminal.input : null,
    now: io.now,
  });
  try {
    const all = Promise.all(waits.map((steps) => executor.runSteps(steps)));
    await Promise.race([all, dialog.aborted.then(() => programs.interrupt())]);
  } finally {
    dialog.end();
  }
  return EXIT.ok;
}
