/** Runs one command: in this process, or as a program of its own. Source: adm.md 1.6 to 1.8. */
import { accessSync, constants } from 'node:fs';
import { bytesOf, changedIo, textOf, type CliIo, type CliOutput } from '@tsdrbd/config';
import { AdmExit, EXIT } from '../adm-exit';
import type { Settings } from '../command-line/invocation';
import type { Command, TimeLimit } from '../plan/command';
import { Collected, type Outcome, type StartProgram, type Streams } from './start-program';
import type { ProgramNames } from '../system';

export interface Programs {
  run(command: Command, streams: Streams): Promise<Outcome>;
  /** Ends what runs, as Control-C would, and waits for the programs among it. What runs in this process is left to its end. */
  interrupt(): Promise<void>;
  /** The words as they are printed and reported, the program's name first. */
  words(command: Command): readonly string[];
}

/** Seconds; 0: none. */
export type TimeLimits = Readonly<Record<TimeLimit, number>>;

/** Medium and long are not what the manual says, but what the original does. Source: adm.md 1.8. */
export const TIME_LIMITS_DEFAULT_S: TimeLimits = { short: 5, medium: 600, long: 0, forever: 0 };

type CliRun = (argv: readonly string[], io: CliIo) => Promise<number>;

interface ProgramChoice {
  readonly shownAs: string;
  /** null: the module of this package runs it. */
  readonly executable: string | null;
}

/** Errors: AdmExit 20 when a helper that was asked for cannot be executed. */
export function programsOf(
  settings: Settings,
  io: CliIo,
  names: ProgramNames,
  { timeLimitsS, startProgram }: { readonly timeLimitsS: TimeLimits; readonly startProgram: StartProgram },
): Programs {
  const setup = choose(settings.setupProgram ?? io.env['TSDRBDSETUP'], names.setup);
  const meta = choose(settings.metaProgram ?? io.env['TSDRBDMETA'], names.meta);
  const proxy: ProgramChoice = { shownAs: settings.proxyProgram ?? 'drbd-proxy-ctl', executable: null };
  const choices = { setup, meta, proxy, shell: { shownAs: '/bin/sh', executable: '/bin/sh' } } as const;

  const interruption = new AbortController();
  const started = new Set<Promise<unknown>>();
  const start = async (executable: string, argv: readonly string[], childIo: CliIo, streams: Streams) => {
    const outcome = startProgram(executable, argv, childIo, { ...streams, interrupted: interruption.signal });
    started.add(outcome);
    try {
      return await outcome;
    } finally {
      started.delete(outcome);
    }
  };
  const words = (command: Command) => [choices[command.program].shownAs, ...command.argv];
  return {
    words,
    async interrupt() {
      interruption.abort();
      await Promise.allSettled(started);
    },
    async run(command, streams) {
      const { executable } = choices[command.program];
      const environment = command.resource === null ? {} : { DRBD_RESOURCE: command.resource };
      const added = Object.entries({ ...environment, ...command.environment });
      const childIo = changedIo(io, {
        env: { ...io.env, ...Object.fromEntries(added.map(([name, value]) => [name, textOf(value)])) },
      });
      const argv = command.argv.map(textOf);
      const work =
        executable === null
          ? runHere(await moduleRun(command.program), argv, childIo, streams)
          : start(executable, argv, childIo, streams);
      return await within(timeLimitsS[command.timeLimit], work, () => {
        // Where nobody is to hear of the command's errors, this is one more of them.
        if (streams.stderr !== 'shown') return { exitCode: EXIT.failed, stdout: '', stderr: '' };
        const limit = `within ${timeLimitsS[command.timeLimit]} seconds`;
        throw new AdmExit(EXIT.failed, `Command '${words(command).join(' ')}' did not terminate ${limit}`);
      });
    },
  };
}

function choose(asked: string | undefined, name: string): ProgramChoice {
  if (asked === undefined || asked === '') return { shownAs: name, executable: null };
  const executable = textOf(asked);
  if (executable.includes('/') && !isExecutable(executable)) {
    throw new AdmExit(EXIT.failed, 'Can not find command (drbdsetup/drbdmeta)');
  }
  return { shownAs: asked, executable };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Only what is used is loaded: `dump` starts without either. */
async function moduleRun(program: Command['program']): Promise<CliRun> {
  switch (program) {
    case 'setup':
      return (await import('@tsdrbd/setup')).run;
    case 'meta':
      return (await import('@tsdrbd/meta')).run;
    case 'proxy':
    case 'shell':
      throw new Error(`${program} is no module`);
  }
}

async function runHere(cliRun: CliRun, argv: readonly string[], io: CliIo, streams: Streams): Promise<Outcome> {
  const stdout = new Collected();
  const stderr = new Collected();
  const shown = {
    stdout: streams.stdout === 'shown' ? inBytes(io.stdout) : stdout,
    stderr: streams.stderr === 'shown' ? inBytes(io.stderr) : stderr,
  };
  const exitCode = await cliRun(argv, changedIo(io, shown));
  return { exitCode, stdout: bytesOf(stdout.text), stderr: bytesOf(stderr.text) };
}

/** The other programs write texts. */
function inBytes(output: CliOutput): CliOutput {
  return { ...output, write: (text) => output.write(bytesOf(text)) };
}

/** When the time is up, what `late` makes of it; the command's own end is not waited for. */
async function within<T>(limitS: number, work: Promise<T>, late: () => T): Promise<T> {
  if (limitS === 0) return await work;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), limitS * 1000);
  });
  try {
    const outcome = await Promise.race([work, timeout]);
    return outcome === 'late' ? late() : outcome;
  } finally {
    clearTimeout(timer);
  }
}
