/** The programs start from V8's code cache, and without one that fits all the same. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';

const ROOT = join(__dirname, '../..');
const BUNDLES = ['tsdrbdadm', 'tsdrbdsetup', 'tsdrbdmeta', 'tsdrbdd', 'setup', 'meta'];
const out = mkdtempSync(join(tmpdir(), 'tsdrbd-code-cache-test-'));

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--out', out], { stdio: 'ignore' });
}, 120_000);
afterAll(() => rmSync(out, { recursive: true }));

const bundleText = (name: string): string => readFileSync(join(out, `${name}.bundle`), 'utf8');
const digestOf = (text: string): string => text.slice(0, text.indexOf('\n'));
/** Without the digest at its end. */
function cacheOf(name: string): Buffer {
  const cache = readFileSync(join(out, `${name}.cache`));
  return cache.subarray(0, cache.length - digestOf(bundleText(name)).length);
}
const version = (): string =>
  execFileSync(process.execPath, [join(out, 'tsdrbdadm.cjs'), '--version'], { encoding: 'utf8' });

test.each(BUNDLES)('V8 takes the cache of %s, which ends with the digest of its bundle', (name) => {
  const source = bundleText(name);
  expect(
    readFileSync(join(out, `${name}.cache`))
      .toString('latin1')
      .endsWith(digestOf(source)),
  ).toBe(true);
  const script = new Script(source, { filename: join(out, `${name}.bundle`), cachedData: cacheOf(name) });
  expect(script.cachedDataRejected).toBe(false);
});

test('a program whose cache is missing, damaged or of another build runs like any other', () => {
  const expected = version();
  const cache = join(out, 'tsdrbdadm.cache');
  const intact = readFileSync(cache);

  rmSync(cache);
  expect(version()).toBe(expected);
  for (const damaged of [Buffer.alloc(0), intact.subarray(0, 1000), Buffer.concat([intact, Buffer.from('x')])]) {
    writeFileSync(cache, damaged);
    expect(version()).toBe(expected);
  }
  // V8 itself would take a cache of a text of the same length.
  copyFileSync(join(out, 'tsdrbdsetup.cache'), cache);
  expect(version()).toBe(expected);

  writeFileSync(cache, intact);
  expect(version()).toBe(expected);
});
