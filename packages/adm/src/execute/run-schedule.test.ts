import { runSchedule } from './run-schedule';
import { run } from '../plan/command';
import { Schedule, type Stage } from '../plan/schedule';
import { setupCommand } from '../plan/setup-commands';
import type { Executor } from './executor';

async function play(
  failing: readonly string[],
  plan: readonly [Stage, string, string][],
  killed: readonly string[] = [],
) {
  const schedule = new Schedule();
  for (const [stage, resource, name] of plan) {
    schedule.add(stage, resource, name, [run(setupCommand(resource, [name, resource], name))]);
  }
  const ran: string[] = [];
  let told = '';
  const executor = {
    runSteps: async ([step]: Parameters<Executor['runSteps']>[0]) => {
      const words = step?.kind === 'run' ? step.command.argv.join(' ') : '';
      ran.push(words);
      if (killed.includes(words)) return -1;
      return failing.includes(words) ? 10 : 0;
    },
  } as Executor;
  const io = { stderr: { write: (text: string) => void (told += text) } } as never;
  const exitCode = await runSchedule(schedule.items, executor, io, 'drbdadm');
  return { exitCode, ran, told };
}

test('a failed stage is finished, and is the last one for all resources; the exit code is 1', async () => {
  const played = await play(
    ['attach r0'],
    [
      ['disk', 'r0', 'attach'],
      ['connect', 'r0', 'connect'],
      ['disk', 's1', 'attach'],
      ['connect', 's1', 'connect'],
    ],
  );
  expect(played).toEqual({ exitCode: 1, ran: ['attach r0', 'attach s1'], told: '' });
});

test("after a resource's failure its further commands of a making stage are skipped", async () => {
  const played = await play(
    ['new-minor r0'],
    [
      ['disk-up', 'r0', 'new-minor'],
      ['disk-up', 'r0', 'new-minor'],
      ['disk-up', 's1', 'new-minor'],
    ],
  );
  expect(played).toEqual({
    exitCode: 1,
    ran: ['new-minor r0', 'new-minor s1'],
    told: 'drbdadm: new-minor r0: skipped due to earlier error\n',
  });
});

test('a command that is killed does not end the run; what could not be made so is left alone', async () => {
  const played = await play(
    [],
    [
      ['disk-up', 'r0', 'new-minor'],
      ['disk-up', 's1', 'new-minor'],
      ['disk', 'r0', 'attach'],
      ['disk', 's1', 'attach'],
      ['connect', 'r0', 'connect'],
      ['connect', 's1', 'connect'],
    ],
    ['new-minor r0', 'attach s1'],
  );
  expect(played).toEqual({
    exitCode: 0,
    ran: ['new-minor r0', 'new-minor s1', 'attach s1', 'connect s1'],
    told: 'drbdadm: attach r0: skipped due to earlier error\n' + 'drbdadm: connect r0: skipped due to earlier error\n',
  });
});
