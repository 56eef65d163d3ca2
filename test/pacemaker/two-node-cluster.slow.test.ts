/** Real Pacemaker and Corosync, with drbd-utils' agent and tsdrbd below them: see two-node-cluster.sh. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testWithDevices } from '../devices/device-pair';
import { run } from '../nodes/support/programs';

jest.setTimeout(600_000);

const AGENTS = ['linbit/drbd', 'heartbeat/Filesystem'].map((agent) => `/usr/lib/ocf/resource.d/${agent}`);
const PROGRAMS = ['pacemakerd', 'corosync', 'cibadmin', 'crm_mon', 'nsenter', 'unshare', 'ip', 'mkfs.ext4'];
const testWithCluster = AGENTS.every((agent) => existsSync(agent)) ? testWithDevices(...PROGRAMS) : test.skip;

testWithCluster(
  'a cut link fences the Secondary until it is in sync; a node dies: the other one mounts its data, and it comes back',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-cluster-'));
    try {
      const story = await run(join(__dirname, 'two-node-cluster.sh'), [directory], { timeoutMs: 580_000 });
      if (story.code !== 0) throw new Error(`exit code ${story.code}\n${story.stdout}${story.stderr}`);
      const told = story.stdout.split('\n').map((line) => line.replace(/^ *\d+ ms +/, ''));
      expect(told).toEqual(
        expect.arrayContaining([
          'the replication link is cut, and bob is fenced',
          'alice goes on writing',
          'the link is back, and bob is in sync and no longer fenced',
          'what alice had synced is there',
          'alice is back, and in sync',
        ]),
      );
      console.log(story.stdout);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
