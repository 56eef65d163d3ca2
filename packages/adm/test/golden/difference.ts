/** What the tests print of runs that are not as recorded. */
import type { RecordedRun } from './corpus';
import type { Deviation } from './deviations';
import type { ReplayedRun } from './replay';

export function applies({ configuration, words }: Deviation, { argv }: RecordedRun): boolean {
  return argv.includes(configuration) && (words === undefined || words.test(argv.join(' ')));
}

export function labelOf({ argv, node, show }: RecordedRun): string {
  return `${argv.join(' ')} @${node}${show === null ? '' : ` show=${show}`}`;
}

export function difference(recorded: RecordedRun, replayed: ReplayedRun): string {
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
