/** A volume's name for its own backing disk: what its metadata is recognised by after the disk was resized. */
import { changedIo, type CliIo } from '@tsdrbd/config';
import { parseInvocation } from './command-line/invocation';
import { hex64 } from './hex';
import { EXIT } from './meta-exit';
import type { MetaSystem } from './system';

type RunWords = (words: readonly string[], typed: readonly string[], io: CliIo, system: MetaSystem) => Promise<number>;

/** After create-md, as drbdadm does it: only where there is none yet. `words` are those of the create-md. Source: adm.md 5.1. */
export async function ensureDeviceUuid(
  words: readonly string[],
  { io, system, runWords }: { readonly io: CliIo; readonly system: MetaSystem; readonly runWords: RunWords },
): Promise<void> {
  const { invocation } = parseInvocation(words, system.programName);
  const { command, settings, deviceWord, format, path } = invocation;
  if (command !== 'create-md' || settings.dryRun || format === 'v07') return;
  const index = words[words.indexOf('--') + 4] ?? 'internal';
  const { stateDirectory } = settings;
  const place = stateDirectory === null ? [] : [`--var-lib-drbd=${stateDirectory}`];
  const device = [...place, '--', deviceWord, format, path, index];
  let answer = '';
  const quiet = changedIo(io, { stdout: { write: (text) => void (answer += text) } });
  const exitCode = await runWords([...device, 'read-dev-uuid'], [], quiet, system);
  const hasUuid = exitCode === EXIT.ok && /[1-9A-Fa-f]/.test(answer);
  if (!hasUuid) await runWords([...device, 'write-dev-uuid', hex64(system.randomUuid())], [], io, system);
}
