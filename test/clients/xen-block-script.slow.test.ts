/** block-drbd of drbd-utils, unchanged: what Xen calls to give a guest a `drbd:r0` disk, and to take it away. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { DevicePair, testWithDevices } from '../devices/device-pair';
import type { TestNode } from '../nodes/support/node';
import { ROOT, run, type Outcome } from '../nodes/support/programs';
import { makeCompatLinks } from './compat-path';

jest.setTimeout(180_000);

const SCRIPT = '/etc/xen/scripts/block-drbd';
const testWithScript =
  existsSync(SCRIPT) && existsSync('/usr/sbin/drbdadm') ? testWithDevices('unshare', 'bash') : test.skip;

/** The script looks in /usr/sbin before PATH, and for /etc/drbd.conf: in a mount namespace both are ours. */
const INSIDE =
  'mount --bind "$1" /etc/drbd.conf && mount --bind "$2" /usr/sbin/drbdadm && exec timeout 60 bash "$3" "$4"';

/** block-tsdrbd, as the document for users has it. */
function documentedWrapper(): string {
  const [indented] =
    /^ {4}#!\/bin\/bash\n(?: {4}.+\n)+/m.exec(readFileSync(join(ROOT, 'docs/clients.md'), 'utf8')) ?? [];
  if (indented === undefined) throw new Error('docs/clients.md has no script');
  return indented.replace(/^ {4}/gm, '');
}

let devices: DevicePair | null = null;
afterEach(async () => {
  // A killed engine would leave its nodes in /dev.
  await Promise.all(devices?.pair.nodes.map((node) => node.adm('down', 'r0')) ?? []);
  await devices?.end();
  devices = null;
});

testWithScript('a guest gets the disk where it starts, once, and gives it back', async () => {
  await makeCompatLinks();
  const minor = randomInt(100_000, 200_000);
  devices = await DevicePair.created({ minors: [minor, minor + 1], deviceDirectory: '/dev' });
  const { pair } = devices;
  await pair.start();
  await pair.alice.does('secondary', 'r0');

  const scripts = join(pair.directory, 'xen');
  const adm = join(scripts, 'drbdadm');
  mkdirSync(scripts);
  symlinkSync(SCRIPT, join(scripts, 'block-drbd'));
  symlinkSync(join(__dirname, 'xen-block-common.sh'), join(scripts, 'block-common.sh'));
  writeFileSync(adm, `#!/bin/sh\nexec ${ROOT}/.cache/bin-compat/drbdadm "$@"\n`, { mode: 0o755 });

  const store = (node: TestNode): string => join(scripts, node.name);
  for (const node of pair.nodes) {
    mkdirSync(store(node));
    const keys = { type: 'drbd', params: 'r0', mode: 'w', 'frontend-id': '1' };
    for (const [key, value] of Object.entries(keys)) writeFileSync(join(store(node), key), `${value}\n`);
  }
  const block = (node: TestNode, action: 'add' | 'remove', script = 'block-drbd', program = adm): Promise<Outcome> =>
    run('unshare', ['--mount', 'sh', '-c', INSIDE, 'sh', pair.configPath, program, join(scripts, script), action], {
      env: { ...node.env, PATH: `${ROOT}/.cache/bin:${node.env['PATH'] ?? ''}`, XENSTORE: store(node) },
      timeoutMs: 120_000,
    });
  const role = async ({ name }: TestNode): Promise<string | undefined> =>
    (await pair.nodes.find((node) => node.name === name)?.state())?.resources[0]?.role;

  expect(await block(pair.bob, 'add')).toMatchObject({ code: 0, stdout: 'success\n' });
  expect(readFileSync(join(store(pair.bob), 'physical-device-path'), 'utf8')).toBe(`/dev/drbd${minor + 1}\n`);
  expect(await role(pair.bob)).toBe('Primary');

  // A second guest elsewhere would be a second Primary.
  const second = await block(pair.alice, 'add');
  expect(second.code).not.toBe(0);
  expect(second.stderr).toContain('Multiple primaries not allowed by config');
  expect(await role(pair.alice)).toBe('Secondary');

  expect(await block(pair.bob, 'remove')).toMatchObject({ code: 0 });
  expect(await role(pair.bob)).toBe('Secondary');

  expect(await block(pair.alice, 'add')).toMatchObject({ code: 0, stdout: 'success\n' });
  expect(readFileSync(join(store(pair.alice), 'physical-device-path'), 'utf8')).toBe(`/dev/drbd${minor}\n`);
  expect(await block(pair.alice, 'remove')).toMatchObject({ code: 0 });
  expect(await role(pair.alice)).toBe('Secondary');

  // Where /usr/sbin has the original, which knows nothing of tsdrbd.
  writeFileSync(join(scripts, 'block-tsdrbd'), documentedWrapper());
  rmSync(join(store(pair.alice), 'physical-device-path'));
  expect(await block(pair.alice, 'add', 'block-tsdrbd', '/bin/false')).toMatchObject({ code: 0, stdout: 'success\n' });
  expect(readFileSync(join(store(pair.alice), 'physical-device-path'), 'utf8')).toBe(`/dev/drbd${minor}\n`);
  expect(await role(pair.alice)).toBe('Primary');
  expect(await block(pair.alice, 'remove', 'block-tsdrbd', '/bin/false')).toMatchObject({ code: 0 });
  expect(await role(pair.alice)).toBe('Secondary');
});
