import type { CliIo } from '@tsdrbd/config';
import { AdmExit } from '../adm-exit';
import { run, type Command, type FallbackRule, type Step } from '../plan/command';
import { setupCommand } from '../plan/setup-commands';
import { Executor } from './executor';
import type { Outcome } from './start-program';

/** Commands by their words; each ends with the exit code that is given for it, else with 0. */
function executorWith(exitCodes: Readonly<Record<string, number>>, verbosity = 0) {
  const ran: string[] = [];
  const output = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({ write: (text: string) => void (output[name] += text) });
  const io = { stdout: sink('stdout'), stderr: sink('stderr') } as unknown as CliIo;
  const settings = { dryRun: false, verbosity, shellVariable: null };
  const executor = new Executor({
    invocation: { settings } as never,
    io,
    configFile: null,
    programs: {
      interrupt: () => Promise.resolve(),
      words: ({ program, argv }: Command) => [program, ...argv],
      run: async ({ argv }: Command): Promise<Outcome> => {
        ran.push(argv.join(' '));
        return { exitCode: exitCodes[argv.join(' ')] ?? 0, stdout: '', stderr: `why ${argv.join(' ')}\n` };
      },
    },
  });
  return { executor, ran, output };
}

const command = (words: string): Command => setupCommand('r0', words.split(' '), 'test');
const steps = (...words: string[]): Step[] => words.map((text) => run(command(text)));

test('the first failure ends the steps', async () => {
  const { executor, ran } = executorWith({ 'detach 10': 5 });
  await expect(executor.runSteps(steps('detach 10', 'detach 11'))).resolves.toBe(5);
  expect(ran).toEqual(['detach 10']);
});

test.each([
  [9, ''],
  [10, "Command 'setup detach 10' terminated with exit code 10\n"],
])('exit code %d is told as %j', async (exitCode, message) => {
  const { executor, output } = executorWith({ 'detach 10': exitCode });
  await executor.runSteps(steps('detach 10'));
  expect(output.stderr).toBe(message);
});

test('a wait that timed out is passed on without a message, or accepted', async () => {
  const { executor, output } = executorWith({ 'wait-connect-resource r0': 5 });
  const wait = { kind: 'wait', command: { ...command('wait-connect-resource r0'), timeLimit: 'forever' } } as const;
  await expect(executor.runSteps([{ ...wait, timeout: 'passed-on' }])).resolves.toBe(5);
  await expect(executor.runSteps([{ ...wait, timeout: 'accepted' }])).resolves.toBe(0);
  expect(output.stderr).toBe('');
});

// Source: adm.md 2.3. Engine's answer, the disk's answer: result, whether the disk was asked, text that is shown.
test.each<[FallbackRule, number, number, number, boolean, string]>([
  ['state', 0, 9, 0, false, ''],
  ['state', 10, 9, 9, true, ''],
  ['state', 11, 0, 11, false, 'why ask\n'],
  ['state', 17, 0, 17, false, 'why ask\n'],
  ['invalidate', 17, 0, 17, false, 'why ask\n'],
  ['invalidate', 11, 0, 11, false, ''],
  ['invalidate', 10, 0, 0, true, ''],
  ['outdate', 17, 0, 17, false, ''],
  ['outdate', 5, 0, 0, true, ''],
  ['outdate', 5, 9, 5, true, ''],
  ['outdate', 20, 9, 9, true, ''],
])('%s: the engine says %d, the disk %d: %d', async (rule, engine, disk, result, asksDisk, shown) => {
  const { executor, ran, output } = executorWith({ ask: engine, disk });
  const step: Step = { kind: 'ask-engine-first', command: command('ask'), rule, fallback: steps('disk') };
  await expect(executor.runSteps([step])).resolves.toBe(result);
  expect(ran).toEqual(asksDisk ? ['ask', 'disk'] : ['ask']);
  expect(output.stderr).toBe(shown);
});

test('check-resize asks the disk only when the engine cannot resize', async () => {
  const step: Step = {
    kind: 'resize-or-check',
    resize: command('resize 1'),
    onSuccess: steps('check-resize 1'),
    fallback: steps('check 1'),
  };
  const good = executorWith({});
  await good.executor.runSteps([step]);
  expect(good.ran).toEqual(['resize 1', 'check-resize 1']);
  const bad = executorWith({ 'resize 1': 10 });
  await bad.executor.runSteps([step]);
  expect(bad.ran).toEqual(['resize 1', 'check 1']);
});

test('a device without a UUID gets one of 16 digits', async () => {
  const { executor, ran } = executorWith({});
  const step: Step = {
    kind: 'ensure-device-uuid',
    read: command('read-dev-uuid'),
    writeOf: (uuid) => command(`write-dev-uuid ${uuid}`),
  };
  await executor.runSteps([step]);
  expect(ran).toEqual(['read-dev-uuid', expect.stringMatching(/^write-dev-uuid [0-9A-F]{16}$/)]);
});

test('a refusal ends the run with its code', async () => {
  const { executor } = executorWith({});
  const refusal: Step = { kind: 'refuse', exitCode: 10, message: 'no disk' };
  await expect(executor.runSteps([refusal])).rejects.toEqual(new AdmExit(10, 'no disk'));
});

test('--verbose prints a command before it runs', async () => {
  const { executor, output } = executorWith({}, 1);
  await executor.runSteps(steps('primary r0'));
  expect(output.stdout).toBe('setup primary r0\n');
});
