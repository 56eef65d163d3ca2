/**
 * tsdrbdmeta keeps away from the metadata of volumes that are up, wherever it lies: on the disk, on a device of its own, or in
 * numbered slots of one, which the engine shares.
 */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestNode } from './support/node';

const MIB = 1024 * 1024;
let directory: string;
let alice: TestNode;
let slots: string;
let internal: string;
let flexible: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-slots-'));
  const configPath = join(directory, 'drbd.conf');
  alice = new TestNode({ name: 'alice', directory: join(directory, 'alice'), configPath, diskBytes: 8 * MIB });
  slots = join(directory, 'slots');
  writeFileSync(slots, '');
  truncateSync(slots, 384 * MIB);
  const [secondDisk, thirdDisk] = [fileOf('second'), fileOf('third')];
  internal = fileOf('internal');
  flexible = fileOf('flexible');
  writeFileSync(
    configPath,
    `global { usage-count no; }
resource r0 {
    volume 0 { device minor 0; disk ${alice.diskPath}; meta-disk ${slots}[0]; }
    volume 1 { device minor 1; disk ${secondDisk}; meta-disk ${slots}[1]; }
    volume 2 { device minor 2; disk ${internal}; meta-disk internal; }
    volume 3 { device minor 3; disk ${thirdDisk}; flexible-meta-disk ${flexible}; }
    on alice { address 127.0.0.1:7900; }
    on bob { address 127.0.0.2:7900; }
}
`,
  );
});
function fileOf(name: string): string {
  const path = join(directory, name);
  writeFileSync(path, '');
  truncateSync(path, 8 * MIB);
  return path;
}

afterEach(async () => {
  await alice.endEngine('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

test('what is attached is refused to tsdrbdmeta, by minor and by place, another slot is not', async () => {
  // The second finds the first one's metadata, and asks: as the original it looks at the beginning of the device only.
  await alice.does('--force', 'create-md', 'r0');
  await alice.does('up', 'r0');
  expect(await alice.does('dstate', 'r0')).toBe('Inconsistent/DUnknown\n'.repeat(4));

  const meta = (...argv: string[]) => alice.program('tsdrbdmeta', '--force', ...argv);
  const refused = (minor: number) => ({ code: 20, stdout: '', stderr: `Device '${minor}' is configured!\n` });
  expect(await meta('0', 'v09', slots, '0', 'wipe-md')).toEqual(refused(0));
  expect(await meta('-', 'v09', slots, '1', 'create-md', '1')).toEqual(refused(1));
  for (const [minor, path, index] of [
    [2, internal, 'internal'],
    [3, flexible, 'flex-external'],
  ] as const) {
    const before = readFileSync(path);
    for (const device of [`${minor}`, '-', '77']) {
      expect(await meta(device, 'v09', path, index, 'create-md', '1')).toEqual(refused(minor));
    }
    expect(await meta('-', 'v09', path, index, 'dstate')).toEqual({
      code: 0,
      stdout: 'Inconsistent\n',
      stderr: `# Output might be stale, since minor ${minor} is attached\n`,
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  }
  expect(await alice.program('tsdrbdmeta', '-c', join(directory, 'drbd.conf'), 'invalidate', 'r0')).toEqual(refused(0));
  expect(await meta('-', 'v09', slots, '2', 'create-md', '1')).toMatchObject({ code: 0 });

  // Another node on this machine asks its own engine, which knows nothing of this one; the lock does.
  const bob = new TestNode({
    name: 'bob',
    directory: join(directory, 'bob'),
    configPath: join(directory, 'drbd.conf'),
    diskBytes: 8 * MIB,
  });
  for (const index of ['internal', 'flex-external', '0']) {
    const path = index === 'flex-external' ? flexible : internal;
    const outcome = await bob.program('tsdrbdmeta', '--force', '-', 'v09', path, index, 'create-md', '1');
    expect(outcome).toMatchObject({ code: 20, stdout: '' });
    expect(outcome.stderr).toContain(`open(${path}) failed: Device or resource busy`);
  }

  await alice.does('down', 'r0');
  expect(await meta('0', 'v09', slots, '0', 'wipe-md')).toMatchObject({ code: 0 });
}, 60_000);
