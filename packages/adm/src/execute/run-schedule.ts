/** Runs what up and adjust scheduled. Source: adm.md 1.9 (deferred commands), 3.1. */
import type { CliIo } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import { inOrder, SKIPPING_STAGES, type Scheduled } from '../plan/schedule';
import type { Executor } from './executor';

/**
 * Inside a stage everything runs; a stage with a failure is the last one, for all resources. A command that was killed
 * by a signal (-1) does not end the run, but nothing more is done for a resource that could not be made so.
 */
export async function runSchedule(
  items: readonly Scheduled[],
  executor: Executor,
  io: CliIo,
  programName: string,
): Promise<number> {
  const failed = new Set<string>();
  for (const stage of inOrder(items)) {
    let worst: number = EXIT.ok;
    for (const { resource, name, steps } of stage.items) {
      if (failed.has(resource)) {
        io.stderr.write(`${programName}: ${name} ${resource}: skipped due to earlier error\n`);
        continue;
      }
      const result = await executor.runSteps(steps);
      if (result !== EXIT.ok && SKIPPING_STAGES.has(stage.stage)) failed.add(resource);
      worst = Math.max(worst, result);
    }
    if (worst > EXIT.ok) return EXIT.usage;
  }
  return EXIT.ok;
}
