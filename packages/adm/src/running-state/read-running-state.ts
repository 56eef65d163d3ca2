/** Asks for what runs. Source: adm.md 4.1. */
import { AdmExit, EXIT } from '../adm-exit';
import { setupCommand } from '../plan/setup-commands';
import type { RunContext } from '../run-context';
import { addressConflicts } from './address-conflicts';
import { parseRunningState } from './parse-running-state';
import type { RunningResource } from './running-state';

export interface RunningState {
  /** null: it does not run. */
  of(resourceName: string): RunningResource | null;
}

/** `word`: the one resource that is asked for; null: all. Its errors and its exit code do not count. */
export async function readRunningState(context: RunContext, word: string | null): Promise<RunningState> {
  const resources = parseRunningState(await showText(context, word), 'drbdsetup show');
  for (const message of addressConflicts(resources, context.configuration.file)) {
    context.io.stderr.write(`${message}\n`);
  }
  return {
    of: (name) =>
      // What was asked for by name is the answer, whatever it says.
      (word === null ? resources.find((resource) => resource.name === name) : resources[0]) ?? null,
  };
}

async function showText(context: RunContext, word: string | null): Promise<string> {
  const { io, system, programs } = context;
  const file = io.env['FAKE_DRBDSETUP_SHOW'];
  if (file === undefined) {
    const name = word?.replace(/[/:].*$/, '');
    const words = name === undefined ? ['show'] : ['show', name];
    const command = setupCommand(null, words, 'what runs');
    return (await programs.run(command, { stdout: 'captured', stderr: 'discarded' })).stdout;
  }
  const read = system.reader.readFile(file);
  if (read.kind !== 'text') throw new AdmExit(EXIT.usage, `Failed to open FAKE_DRBDSETUP_SHOW ${file}`);
  return read.text;
}
