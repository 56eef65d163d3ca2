import { firstDifference, runOurs, runTheirs, type CommandLine } from './live';
import { common, EXCUSES } from './version-differences';

/** What the installed drbdadm and ours do not do alike, without what their versions excuse; one entry a command line. */
export async function differencesIn(lines: readonly CommandLine[]): Promise<readonly object[]> {
  const differences: object[] = [];
  for (const [index, result] of (await runTheirs(lines)).entries()) {
    const line = lines[index];
    if (line === undefined || EXCUSES.some(({ applies }) => applies(line, result))) continue;
    const [theirs, ours] = [common(result), common(await runOurs(line))];
    if (JSON.stringify(theirs) === JSON.stringify(ours)) continue;
    differences.push({ line: `${line.node}: ${line.argv.join(' ')}`, ...firstDifference(theirs, ours) });
  }
  return differences;
}
