import { run } from '../plan/command';
import { Schedule, type Stage } from '../plan/schedule';
import { setupCommand } from '../plan/setup-commands';
import type { Executor } from './executor';
import { runWithProgress } from './progress-report';

/** As drbdadm 9.22 reports three resources, of which commands of the first fail. */
async function report(failing: string) {
  const schedule = new Schedule();
  const plan: readonly (readonly [Stage, string])[] = [
    ['disk-up', 'new-minor'],
    ['disk', 'attach'],
    ['connect', 'connect'],
  ];
  for (const resource of ['a', 'b']) {
    for (const [stage, name] of plan) {
      for (const part of [1, 2]) {
        schedule.add(stage, resource, name, [run(setupCommand(resource, [name, resource, `${part}`], name))]);
      }
    }
  }
  const executor = {
    runSteps: async ([step]: Parameters<Executor['runSteps']>[0]) =>
      step?.kind === 'run' && step.command.argv.join(' ').startsWith(failing) ? 10 : 0,
  } as Executor;
  let shown = '';
  const io = { stdout: { write: (text: string) => void (shown += text) } } as never;
  const exitCode = await runWithProgress(schedule.items, executor, io);
  return { exitCode, lines: shown.split('\n').map((line) => line.trim()) };
}

test('nothing more is done for a resource whose creation failed', async () => {
  expect(await report('new-minor a')).toEqual({
    exitCode: 1,
    lines: [
      '[',
      'prepare disk: a:failed(new-minor:10) b',
      'adjust disk: [skipped:a] b',
      'attempt to connect: [skipped:a] b',
      ']',
      '',
    ],
  });
});

test('other failures are told, one by one, and do not hold up what comes after', async () => {
  expect(await report('attach a')).toEqual({
    exitCode: 1,
    lines: [
      '[',
      'prepare disk: a b',
      'adjust disk: a:failed(attach:10):failed(attach:10) b',
      'attempt to connect: a b',
      ']',
      '',
    ],
  });
});
