/**
 * Every recorded run of drbdadm 9.34, replayed in this process: each is reproduced byte by byte, or stands in the table
 * of deviations.
 */
import { applies, difference, labelOf } from './difference';
import { DEVIATING_RUNS_MAX, DEVIATIONS } from './deviations';
import { recordedRuns, type RecordedRun } from './corpus';
import { isEqual, replay, replaySystem, type ReplayedRun } from './replay';

const shown = Number(process.env['SHOW'] ?? '20');
const only = process.env['ONLY'] === undefined ? null : new RegExp(process.env['ONLY']);

const differing: { readonly recorded: RecordedRun; readonly replayed: ReplayedRun }[] = [];
const thrown: string[] = [];
let replayedCount = 0;

beforeAll(async () => {
  const system = replaySystem();
  for (const recorded of recordedRuns()) {
    if (only !== null && !only.test(labelOf(recorded))) continue;
    const replayed = await replay(recorded, system);
    replayedCount += 1;
    if (!isEqual(recorded, replayed)) differing.push({ recorded, replayed });
    if (typeof replayed.rc === 'string') thrown.push(`${labelOf(recorded)}: ${replayed.rc}`);
  }
}, 300_000);

it('nothing is thrown', () => {
  expect(thrown).toEqual([]);
});

it('the recorded runs are reproduced, but for those in the table of deviations', () => {
  if (only === null) expect(replayedCount).toBe(11_985);
  const unexplained = differing.filter(({ recorded }) => !DEVIATIONS.some((entry) => applies(entry, recorded)));
  const texts = unexplained.slice(0, shown).map(({ recorded, replayed }) => difference(recorded, replayed));
  expect({ count: unexplained.length, texts }).toEqual({ count: 0, texts: [] });
});

(only === null ? describe : describe.skip)('the table of deviations', () => {
  it('holds no more than what is promised', () => {
    expect(DEVIATIONS.reduce((sum, { runs }) => sum + runs, 0)).toBeLessThanOrEqual(DEVIATING_RUNS_MAX);
  });

  it.each(DEVIATIONS.map((entry) => [entry.configuration, entry] as const))('is true for %s', (_, entry) => {
    expect(differing.filter(({ recorded }) => applies(entry, recorded)).length).toBe(entry.runs);
  });
});
