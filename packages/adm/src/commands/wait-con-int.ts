/** `wait-con-int`: what an init script calls to wait for the peers of everything. Source: adm.md 6.2. */
import type { CliIo, ResolvedResource } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import type { Executor } from '../execute/executor';
import { setupCommand } from '../plan/setup-commands';
import { startupWords } from './wait';

const NOT_A_TERMINAL = 'WARN: stdin/stdout is not a TTY; using /dev/console';
const DOT_EVERY_MS = 1000;
const DOTS_MAX = 10;

/** All at the same time; always 0, as the original. */
export async function waitForAll(
  resources: readonly ResolvedResource[],
  backend: readonly string[],
  executor: Executor,
  io: CliIo,
  mode: 'dry-run' | 'run',
): Promise<number> {
  const waits = resources.map((resource) => {
    const words = ['wait-connect-resource', resource.name, ...startupWords(resource, backend)];
    const command = setupCommand(resource.name, words, 'wait for the peers', 'forever');
    return [{ kind: 'wait', command, timeout: 'passed-on' }] as const;
  });
  if (io.stdout.isTTY !== true) {
    io.stderr.write(NOT_A_TERMINAL);
    io.stdout.write(NOT_A_TERMINAL);
  }
  let dots = 0;
  const timer =
    mode === 'dry-run'
      ? null
      : setInterval(() => {
          if (dots++ < DOTS_MAX) io.stdout.write('.');
        }, DOT_EVERY_MS);
  await Promise.all(waits.map((steps) => executor.runSteps(steps)));
  if (timer !== null) {
    clearInterval(timer);
    io.stdout.write('\n');
  }
  return EXIT.ok;
}
