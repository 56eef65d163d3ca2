/** up and adjust: everything is planned first, then run stage by stage. Source: adm.md 1.9, 3, 4. */
import { EXIT } from '../adm-exit';
import { Executor } from '../execute/executor';
import { runWithProgress } from '../execute/progress-report';
import { runSchedule } from '../execute/run-schedule';
import { announcement } from '../plan/announcement';
import { isGiven } from '../plan/emitted-options';
import { comparisonReport } from '../plan/adjust/comparison-report';
import { planAdjust } from '../plan/adjust/plan-adjust';
import { Schedule } from '../plan/schedule';
import { planUp } from '../plan/up';
import type { RunContext } from '../run-context';
import { readRunningState, type RunningState } from '../running-state/read-running-state';
import { targetsOf } from './immediate';
import type { Target } from './target';

/** -vv */
const ANNOUNCED_FROM = 2;

export async function runDeferred(context: RunContext): Promise<number> {
  const { invocation, io, executor, names } = context;
  const { command, settings, resourceWords } = invocation;
  let running: RunningState | null = null;
  const schedule = new Schedule();
  let worst: number = EXIT.ok;
  for (const found of targetsOf(context)) {
    if (found.kind === 'error') {
      io.stderr.write(`${found.message}\n`);
      worst = EXIT.usage;
      continue;
    }
    context.validate(found.target);
    if (command !== 'up') running ??= await readRunningState(context, singleWord(resourceWords));
    const before = schedule.items.length;
    planOne(schedule, found.target, context, running);
    if (command === 'sh-list-adjustable' && schedule.items.length > before) {
      io.stdout.write(`${found.target.resource.name}\n`);
    }
  }
  if (command === 'sh-list-adjustable') return worst;
  if (settings.verbosity >= ANNOUNCED_FROM) {
    for (const line of announcement(schedule)) io.stdout.write(`${line}\n`);
  }
  const showsProgress = command === 'adjust-with-progress' && !settings.dryRun && settings.verbosity === 0;
  const exitCode = showsProgress
    ? await runWithProgress(schedule.items, new Executor(context, 'discarded'), io)
    : await runSchedule(schedule.items, executor, io, names.adm);
  return Math.max(worst, exitCode);
}

function planOne(schedule: Schedule, target: Target, context: RunContext, running: RunningState | null): void {
  const backend = context.invocation.backendOptions;
  if (running === null) {
    planUp(schedule, target, backend);
    return;
  }
  const skip = new Set((['disk', 'net'] as const).filter((part) => isGiven(backend, `skip-${part}`)));
  const { name } = target.resource;
  const { hostName } = context;
  const proxyOnly = context.isProxyOnly(name);
  const request = { target, running: running.of(name), backend, skip, hostName, proxyOnly };
  for (const line of comparisonReport(request, context.invocation.settings.verbosity)) {
    context.io.stderr.write(`${line}\n`);
  }
  planAdjust(schedule, request);
}

/** One resource by name: only that one's state is asked for. */
function singleWord(words: readonly string[]): string | null {
  const [only] = words;
  return words.length === 1 && only !== undefined && only !== 'all' ? only : null;
}
