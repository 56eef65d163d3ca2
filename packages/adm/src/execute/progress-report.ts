/** adjust-with-progress: a report in brackets instead of the commands' own words. Source: adm.md 4.7. */
import type { CliIo } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import { inOrder, SKIPPING_STAGES, STAGE_LABELS, type Scheduled } from '../plan/schedule';
import type { Executor } from './executor';

const LABEL_WIDTH = 15;

/** Carries on after failures. 1: something failed. */
export async function runWithProgress(items: readonly Scheduled[], executor: Executor, io: CliIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  io.stdout.write('[');
  for (const { stage, items: stageItems } of inOrder(items)) {
    io.stdout.write(`\n${STAGE_LABELS[stage].padStart(LABEL_WIDTH)}:`);
    const failed = new Set<string>();
    let last: string | null = null;
    for (const { resource, name, steps } of stageItems) {
      if (failed.has(resource) && SKIPPING_STAGES.has(stage)) {
        io.stdout.write(` [skipped:${resource}]`);
        continue;
      }
      if (resource !== last) io.stdout.write(` ${resource}`);
      last = resource;
      const result = await executor.runSteps(steps);
      if (result !== EXIT.ok) {
        io.stdout.write(`:failed(${name}:${result})`);
        failed.add(resource);
        exitCode = EXIT.usage;
      }
    }
  }
  io.stdout.write('\n]\n');
  return exitCode;
}
