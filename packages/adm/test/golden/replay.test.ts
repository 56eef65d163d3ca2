/**
 * Every recorded run of drbdadm 9.34, replayed in this process. How many are reproduced must not fall, command by
 * command; the classes that are known to differ are in README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCommandName } from '../../src/commands/command-table';
import { recordedRuns, type RecordedRun } from './corpus';
import { isEqual, replay, replaySystem, type ReplayedRun } from './replay';

interface Count {
  readonly equal: number;
  readonly total: number;
}

const COUNTS_FILE = join(__dirname, 'reproduced.json');
const shown = Number(process.env['SHOW'] ?? '0');
const only = process.env['ONLY'] === undefined ? null : new RegExp(process.env['ONLY']);

test('as many recorded runs as before are reproduced', async () => {
  const system = replaySystem();
  const counts = new Map<string, Count>();
  const differences: string[] = [];
  const thrown: string[] = [];
  for (const recorded of recordedRuns()) {
    if (only !== null && !only.test(labelOf(recorded))) continue;
    const command = commandOf(recorded);
    const replayed = await replay(recorded, system);
    const equal = isEqual(recorded, replayed);
    const before = counts.get(command) ?? { equal: 0, total: 0 };
    counts.set(command, { equal: before.equal + (equal ? 1 : 0), total: before.total + 1 });
    if (!equal && before.total - before.equal < shown) differences.push(difference(recorded, replayed));
    if (typeof replayed.rc === 'string') thrown.push(`${labelOf(recorded)}: ${replayed.rc}`);
  }
  if (differences.length > 0) process.stdout.write(`${differences.join('\n')}\n`);
  const sorted = Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
  if (process.env['REWRITE'] === '1') writeFileSync(COUNTS_FILE, `${JSON.stringify(sorted, null, 2)}\n`);
  expect(thrown).toEqual([]);
  if (only !== null) return;
  const expected = JSON.parse(readFileSync(COUNTS_FILE, 'utf8')) as Record<string, Count>;
  const fallen = Object.entries(expected).filter(([command, { equal }]) => (counts.get(command)?.equal ?? 0) < equal);
  expect(fallen).toEqual([]);
}, 300_000);

function commandOf({ argv }: RecordedRun): string {
  if (argv.includes('help') || argv.includes('--help')) return 'help';
  return argv.find((word, index) => isCommandName(word) && argv[index - 1] !== '-c') ?? 'none';
}

function labelOf({ argv, node, show }: RecordedRun): string {
  return `${argv.join(' ')} @${node}${show === null ? '' : ` show=${show}`}`;
}

function difference(recorded: RecordedRun, replayed: ReplayedRun): string {
  const parts = (['rc', 'stdout', 'stderr'] as const).flatMap((part) => {
    const [want, got] = [String(recorded[part]), String(replayed[part])];
    if (want === got) return [];
    const [wantLines, gotLines] = [want.split('\n'), got.split('\n')];
    const at = wantLines.findIndex((line, index) => line !== gotLines[index]);
    const index = at < 0 ? wantLines.length : at;
    return [`    ${part} line ${index + 1}`, `      want ${wantLines[index]}`, `      got  ${gotLines[index]}`];
  });
  return [`--- ${labelOf(recorded)}`, ...parts].join('\n');
}
