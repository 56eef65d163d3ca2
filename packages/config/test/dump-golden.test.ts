/** `dump` and `dump-xml` of every recorded configuration, byte for byte: output, messages and exit code. */
import { goldenCases, runDump, type GoldenCase, type Run } from './golden-cases';

/** Where we differ on purpose, and why. */
const differences: Readonly<Record<string, string>> = {
  'invalid-non-ascii-bare-word.conf': 'the original quotes the first byte of a UTF-8 character, we quote the character',
};

/** The original has lost the line number and prints 0; we print the line. */
const lostLineNumbers: ReadonlySet<string> = new Set([
  'invalid-duplicate-address.conf',
  'invalid-duplicate-disk.conf',
  'invalid-proxy-one-side.conf',
  'invalid-same-address-both-ends.conf',
]);

function withoutLineNumbers(run: Run): Run {
  return { ...run, stderr: run.stderr.replace(/:\d+(?=: | \()/g, ':0') };
}

function byConfiguration(cases: readonly GoldenCase[]): Map<string, GoldenCase[]> {
  const groups = new Map<string, GoldenCase[]>();
  for (const golden of cases) {
    groups.set(golden.configuration, [...(groups.get(golden.configuration) ?? []), golden]);
  }
  return groups;
}

const groups = byConfiguration(goldenCases());

it('holds the recorded configurations', () => {
  expect(groups.size).toBeGreaterThanOrEqual(227);
});

describe.each([...groups])('%s', (configuration, cases) => {
  const reason = differences[configuration];
  it(reason === undefined ? 'dumps as drbdadm 9.34 does' : `differs, because ${reason}`, () => {
    for (const golden of cases) {
      const { argv, exitCode, stdout, stderr } = golden;
      const normal = lostLineNumbers.has(configuration) ? withoutLineNumbers : (run: Run) => run;
      const ours = { argv, ...normal(runDump(golden)) };
      const theirs = { argv, ...normal({ exitCode, stdout, stderr }) };
      if (reason === undefined) expect(ours).toEqual(theirs);
      else expect(ours).not.toEqual(theirs);
    }
  });
});
