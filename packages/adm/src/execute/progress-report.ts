/** adjust-with-progress: a report in brackets instead of the commands' own words. Source: adm.md 4.7. */
import type { CliIo } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import { inOrder, SKIPPING_STAGES, STAGE_LABELS, type Scheduled } from '../plan/schedule';
import type { Executor } from './executor';

const LABEL_WIDTH = 15;

/**
 * Carries on after failures, but does nothing more for a resource whose creation failed. 1: something failed. Seen:
 * drbdadm 9.22; what 9.34 prints differs in repetitions that nobody can have meant.
 */
export async function runWithProgress(items: readonly Scheduled[], executor: Executor, io: CliIo): Promise<number> {
  let exitCode: number = EXIT.ok;
  const failed = new Set<string>();
  io.stdout.write('[');
  for (const { stage, items: stageItems } of inOrder(items)) {
    io.stdout.write(`\n${STAGE_LABELS[stage].padStart(LABEL_WIDTH)}:`);
    let last: string | null = null;
    for (const { resource, name, steps } of stageItems) {
      const isSkipped = failed.has(resource);
      if (resource !== last) io.stdout.write(isSkipped ? ` [skipped:${resource}]` : ` ${resource}`);
      last = resource;
      if (isSkipped) continue;
      const result = await executor.runSteps(steps);
      if (result === EXIT.ok) continue;
      io.stdout.write(`:failed(${name}:${result})`);
      if (SKIPPING_STAGES.has(stage)) failed.add(resource);
      // One that was killed by a signal (-1) does not count.
      if (result > EXIT.ok) exitCode = EXIT.usage;
    }
  }
  io.stdout.write('\n]\n');
  return exitCode;
}
