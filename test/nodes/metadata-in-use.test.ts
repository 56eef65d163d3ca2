/** Volumes whose metadata lies on one device, in numbered slots: the engine shares it, and tsdrbdmeta keeps away from it. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestNode } from './support/node';

const MIB = 1024 * 1024;
let directory: string;
let alice: TestNode;
let slots: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbd-slots-'));
  const configPath = join(directory, 'drbd.conf');
  alice = new TestNode({ name: 'alice', directory: join(directory, 'alice'), configPath, diskBytes: 8 * MIB });
  slots = join(directory, 'slots');
  writeFileSync(slots, '');
  truncateSync(slots, 384 * MIB);
  const secondDisk = join(directory, 'second');
  writeFileSync(secondDisk, '');
  truncateSync(secondDisk, 8 * MIB);
  writeFileSync(
    configPath,
    `global { usage-count no; }
resource r0 {
    volume 0 { device minor 0; disk ${alice.diskPath}; meta-disk ${slots}[0]; }
    volume 1 { device minor 1; disk ${secondDisk}; meta-disk ${slots}[1]; }
    on alice { address 127.0.0.1:7900; }
    on bob { address 127.0.0.2:7900; }
}
`,
  );
});
afterEach(async () => {
  await alice.endEngine('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

test('both are attached; their slots are refused to tsdrbdmeta, another slot is not', async () => {
  // The second finds the first one's metadata, and asks: as the original it looks at the beginning of the device only.
  await alice.does('--force', 'create-md', 'r0');
  await alice.does('up', 'r0');
  expect(await alice.does('dstate', 'r0')).toBe('Inconsistent/DUnknown\nInconsistent/DUnknown\n');

  const meta = (...argv: string[]) => alice.program('tsdrbdmeta', '--force', ...argv);
  const refused = (minor: number) => ({ code: 20, stdout: '', stderr: `Device '${minor}' is configured!\n` });
  expect(await meta('0', 'v09', slots, '0', 'wipe-md')).toEqual(refused(0));
  expect(await meta('-', 'v09', slots, '1', 'create-md', '1')).toEqual(refused(1));
  expect(await alice.program('tsdrbdmeta', '-c', join(directory, 'drbd.conf'), 'invalidate', 'r0')).toEqual(refused(0));
  expect(await meta('-', 'v09', slots, '2', 'create-md', '1')).toMatchObject({ code: 0 });

  await alice.does('down', 'r0');
  expect(await meta('0', 'v09', slots, '0', 'wipe-md')).toMatchObject({ code: 0 });
}, 60_000);
