/** Damaged files: the installed drbdadm and ours refuse the same ones, with the same messages. One seed: no surprises. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { CONFIGS, findOracle, firstDifference, runOurs, runTheirs, type CommandLine } from './live';
import { common } from './version-differences';

const FILES = 600;
const SEED = 20261125;
/** What a shell says of a program that died: 9.22 does of some files. */
const CRASHED_FROM = 128;

/** resync-after is resolved otherwise by 9.22, see version-differences.ts. */
const valid = readdirSync(CONFIGS)
  .filter((name) => name.endsWith('.conf') && !/^(refused|resync-after|many-volumes)/.test(name))
  .map((name) => readFileSync(join(CONFIGS, name), 'latin1'));

const damagedText: fc.Arbitrary<string> = fc
  .record({
    text: fc.constantFrom(...valid),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    deleted: fc.integer({ min: 0, max: 12 }),
    inserted: fc.constantFrom(
      '',
      '{',
      '}',
      ';',
      '"',
      '\\',
      '#',
      ':',
      '[',
      ']',
      ' ',
      'x',
      '9',
      '-',
      '.',
      'disk',
      'net {',
    ),
  })
  .map(({ text, at, deleted, inserted }) => {
    const offset = Math.floor(at * text.length);
    return text.slice(0, offset) + inserted + text.slice(offset + deleted);
  });

const itLive = findOracle() === undefined ? it.skip : it;

itLive(
  `${FILES} damaged files`,
  async () => {
    const cwd = mkdtempSync(join(tmpdir(), 'tsdrbdadm-damaged-'));
    try {
      const texts = fc.sample(damagedText, { numRuns: FILES, seed: SEED });
      texts.forEach((text, index) => writeFileSync(join(cwd, `${index}.conf`), text, 'latin1'));
      const lines = texts.map((_, index): CommandLine => ({
        cwd,
        node: 'alice',
        argv: ['-c', `${index}.conf`, 'dump'],
      }));
      const differences: unknown[] = [];
      let refused = 0;
      for (const [index, result] of (await runTheirs(lines)).entries()) {
        const line = lines[index];
        if (line === undefined || result.rc >= CRASHED_FROM) continue;
        const [theirs, ours] = [common(result), common(await runOurs(line))];
        if (theirs.rc !== 0) refused += 1;
        if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
          differences.push({ ...firstDifference(theirs, ours), text: texts[index] });
        }
      }
      expect(differences).toEqual([]);
      expect(refused).toBeGreaterThan(FILES / 4);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  },
  120_000,
);
