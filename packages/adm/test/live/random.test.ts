/** Random valid configurations of the grammar's model: the installed drbdadm and ours say the same of each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OptionRow } from '@tsdrbd/config/options';
import fc from 'fast-check';
import { randomConfiguration } from '../../../config/test/random-configuration';
import { findOracle, firstDifference, runOurs, runTheirs, type CommandLine } from './live';
import { common, isIn922 } from './version-differences';

const CONFIGURATIONS = 300;
const COMMANDS = ['dump', '-d up all', '-v dump'];
const seed = Number(process.env['TSDRBD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

const itLive = findOracle() === undefined ? it.skip : it;

itLive(
  `agrees with the installed drbdadm on ${CONFIGURATIONS} random configurations`,
  async () => {
    const model = randomConfiguration({ options: (row: OptionRow) => isIn922(row) });
    const texts = fc.sample(model, { numRuns: CONFIGURATIONS, seed });
    const cwd = mkdtempSync(join(tmpdir(), 'tsdrbdadm-random-'));
    try {
      texts.forEach((text, index) => writeFileSync(join(cwd, `${index}.conf`), text));
      const lines = texts.flatMap((_, index) =>
        COMMANDS.map((words): CommandLine => ({
          cwd,
          node: 'alice',
          argv: ['-c', `${index}.conf`, ...words.split(' ')],
        })),
      );
      const differences: unknown[] = [];
      let accepted = 0;
      for (const [index, result] of (await runTheirs(lines)).entries()) {
        const line = lines[index];
        if (line === undefined) continue;
        const [theirs, ours] = [common(result), common(await runOurs(line))];
        if (theirs.rc === 0) accepted += 1;
        if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
          const text = texts[Math.floor(index / COMMANDS.length)];
          differences.push({ line: line.argv.join(' '), ...firstDifference(theirs, ours), text });
        }
      }
      expect({
        seed,
        count: differences.length,
        first: differences.slice(0, Number(process.env['SHOW'] ?? '2')),
      }).toEqual({ seed, count: 0, first: [] });
      // Agreement is worth something only if most of it is about what both take.
      expect(accepted).toBeGreaterThan(CONFIGURATIONS * 2);
    } finally {
      rmSync(cwd, { recursive: true });
    }
  },
  120_000,
);
