/** Commands for no resource in particular: sh-nop, sh-mod-parms, plain status. Source: adm.md 1.9, 2.1. */
import { EXIT } from '../adm-exit';
import { passedOn } from '../plan/emitted-options';
import { run } from '../plan/command';
import { setupCommand } from '../plan/setup-commands';
import type { RunContext } from '../run-context';

export function runNop(context: RunContext): number {
  if (context.isValid) return EXIT.ok;
  context.io.stderr.write(`command sh-nop exited with code ${EXIT.config}\n`);
  return EXIT.config;
}

const MINORS_MIN = 32;
const MINORS_MAX = 255;
/** Room for a few more, without loading the module anew. */
const MINORS_SPARE = 3;

export function minorCountParameter({ configuration, sections }: RunContext): string {
  const used = sections.reduce((count, { me }) => count + (me?.volumes.length ?? 0), 0);
  const computed = Math.min(MINORS_MAX, Math.max(MINORS_MIN, used + MINORS_SPARE));
  return `minor_count=${configuration.global.minorCount || computed}\n`;
}

/** Also shows what runs without being in the file, and works in spite of errors in it. */
export async function showAllStatus({ invocation, executor, io }: RunContext): Promise<number> {
  const words = [
    'status',
    ...Array.from({ length: invocation.settings.verbosity }, () => '--verbose'),
    ...passedOn(invocation.backendOptions, 'status'),
  ];
  const exitCode = await executor.runSteps([run(setupCommand(null, words, 'status'))]);
  if (exitCode >= EXIT.config) io.stderr.write(`command status exited with code ${exitCode}\n`);
  return exitCode;
}
