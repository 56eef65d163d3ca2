/** Runs what up and adjust scheduled. Source: adm.md 1.9 (deferred commands), 3.1. */
import type { CliIo } from '@tsdrbd/config';
import { EXIT } from '../adm-exit';
import { inOrder, SKIPPING_STAGES, type Scheduled } from '../plan/schedule';
import type { Executor } from './executor';

/** Inside a stage everything runs; a stage with a failure is the last one, for all resources. */
export async function runSchedule(
  items: readonly Scheduled[],
  executor: Executor,
  io: CliIo,
  programName: string,
): Promise<number> {
  for (const stage of inOrder(items)) {
    const failed = new Set<string>();
    for (const { resource, name, steps } of stage.items) {
      if (failed.has(resource) && SKIPPING_STAGES.has(stage.stage)) {
        io.stderr.write(`${programName}: ${name} ${resource}: skipped due to earlier error\n`);
        continue;
      }
      if ((await executor.runSteps(steps)) !== EXIT.ok) failed.add(resource);
    }
    if (failed.size > 0) return EXIT.usage;
  }
  return EXIT.ok;
}
