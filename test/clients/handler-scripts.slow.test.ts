/**
 * The scripts of drbd-utils that need no cluster, called by the engine as handlers: who gets which mail, which snapshots are made.
 * mail and LVM's programs are stand-ins.
 */
import { closeSync, existsSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair } from '../nodes/support/pair';
import { ROOT, bundle, testWith } from '../nodes/support/programs';
import { makeCompatLinks } from './compat-path';
import { StandIns } from './stand-ins';

jest.setTimeout(180_000);

const SCRIPTS = '/usr/lib/drbd';
const testWithScripts = existsSync(join(SCRIPTS, 'notify.sh')) ? testWith('bash', 'getopt', 'logger') : test.skip;

let standIns: StandIns;
let pair: Pair | null = null;
beforeEach(async () => {
  await makeCompatLinks();
  // The configuration is written after the stand-ins, which its handlers name; it lies beside the nodes' directories.
  standIns = new StandIns('$TSDRBD_RUN_DIR/../../drbd.conf', join(ROOT, '.cache/bin-compat/drbdadm'));
});
afterEach(async () => {
  await pair?.end();
  pair = null;
  standIns.remove();
});

/** For `handlers` of drbd.conf. Handlers start with the engine's search path, which is that of the kernel. */
const handler = (name: string, script: string): string => `${name} "PATH=${standIns.directory}:$PATH ${script}";`;

/** A stand-in that writes a line: the node whose handler called it, and this text. */
function recording(name: string, text: string, before = ''): void {
  standIns.add(name, `${before}echo "$__DRBD_NODE__: ${text}" >>${standIns.path('record')}`);
}

/** The lines as soon as there are so many, those of one event on two nodes in any order. The test's own limit ends the wait. */
async function recorded(count: number): Promise<string[]> {
  const lines = (): string[] => standIns.text('record').split('\n').filter(Boolean);
  while (lines().length < count) await sleep(50);
  return lines();
}

/** Behind the engine's back. */
function plantDifference(path: string): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(4096, 0xee), 0, 4096, 0);
  closeSync(fd);
}

testWithScripts('notify scripts mail found differences, a split brain, and that the last data is lost', async () => {
  recording('mail', '$3: $2:$body', `body=$(tr '\\n' ' ')\n`);
  pair = await Pair.running({
    net: 'verify-alg crc32c;',
    handlers: [
      handler('out-of-sync', `${SCRIPTS}/notify-out-of-sync.sh operator`),
      handler('split-brain', `${SCRIPTS}/notify-split-brain.sh operator`),
      handler('pri-on-incon-degr', `${SCRIPTS}/notify-pri-on-incon-degr.sh`),
    ].join(' '),
  });
  const { alice, bob } = pair;

  plantDifference(bob.diskPath);
  await bob.does('verify', 'r0');
  const subject = 'DRBD resource r0/0 (drbd0) has out-of-sync blocks';
  const found = 'DRBD has detected out-of-sync blocks on resource r0/0 (drbd0)';
  expect((await recorded(2)).sort()).toEqual([
    expect.stringContaining(`alice: operator: ${subject}: ${found} between ${hostname()} and peer node ID 1 (bob).`),
    expect.stringContaining(`bob: operator: ${subject}: ${found} between ${hostname()} and peer node ID 0 (alice).`),
  ]);

  await alice.does('disconnect', 'r0');
  await bob.untilConnecting();
  await bob.does('primary', '--force', 'r0');
  await alice.does('connect', 'r0');
  const splitBrain = 'DRBD split brain on resource r0/0 (drbd0): DRBD has detected split brain';
  expect((await recorded(4)).slice(2).sort()).toEqual([
    expect.stringContaining(`alice: operator: ${splitBrain}`),
    expect.stringContaining(`bob: operator: ${splitBrain}`),
  ]);

  await bob.does('detach', '--force', 'r0');
  const lost = `DRBD resource r0/0 (drbd0) no longer has access to valid data on ${hostname()}`;
  expect((await recorded(5)).slice(4)).toEqual([expect.stringContaining(`bob: root: ${lost}`)]);
});

testWithScripts(
  'a snapshot of what a resync overwrites has room for what is out of sync, and goes afterwards',
  async () => {
    standIns.add('tsdrbdsetup', `exec ${bundle('tsdrbdsetup')} "$@"`);
    standIns.add('lvs', 'echo "  vg0 r0 65536"');
    recording('lvcreate', 'lvcreate $*');
    recording('lvremove', 'lvremove $*');
    // As docs/clients.md has it.
    const script = readFileSync(join(SCRIPTS, 'snapshot-resync-target-lvm.sh'), 'utf8');
    for (const name of ['snapshot-resync-target-lvm.sh', 'unsnapshot-resync-target-lvm.sh']) {
      standIns.add(name, '');
      writeFileSync(standIns.path(name), script.replace('/proc/drbd', '<(tsdrbdsetup proc)'));
    }
    pair = await Pair.running({
      handlers: [
        handler('before-resync-target', standIns.path('snapshot-resync-target-lvm.sh')),
        handler('after-resync-target', standIns.path('unsnapshot-resync-target-lvm.sh')),
      ].join(' '),
    });
    const { bob } = pair;
    await bob.does('invalidate', 'r0');
    const lines = await recorded(2);
    const { devices } = await bob.untilInSync();
    // All of the volume, the script's 10 MiB, and its 10 % of the logical volume.
    const sizeKib = (devices[0]?.statistics.sizeSectors ?? NaN) / 2 + 10240 + Math.floor(32768 / 10);
    expect(lines).toEqual([
      `bob: lvcreate -s -n r0-before-resync -L ${sizeKib}k vg0/r0`,
      'bob: lvremove -f vg0/r0-before-resync',
    ]);
  },
);
