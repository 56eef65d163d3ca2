/**
 * Pacemaker's agent of drbd-utils, unchanged, through each of its actions on two nodes, with the return codes that Pacemaker goes
 * by. Pacemaker's own programs are stand-ins that write down how they were called.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { DevicePair, testWithDevices } from '../devices/device-pair';
import type { TestNode } from '../nodes/support/node';
import { ROOT, run, type Outcome } from '../nodes/support/programs';

jest.setTimeout(180_000);

const AGENT = join(ROOT, 'packaging/pacemaker/drbd');
/** Of OCF. */
const SUCCESS = 0;
const NOT_RUNNING = 7;
const RUNNING_PROMOTED = 8;

/** A stand-in knows its node by its caller's environment. */
const STAND_IN = '#!/bin/sh\necho "${0##*/} $*" >>"$TSDRBD_RUN_DIR/../cluster-calls"\n';
const CLUSTER_PROGRAMS = ['crm_attribute', 'crm_master', 'crm_node', 'crm_resource', 'attrd_updater'];

let standIns: string;
let devices: DevicePair | null = null;
beforeAll(async () => {
  standIns = mkdtempSync(join(tmpdir(), 'tsdrbd-cluster-'));
  for (const program of CLUSTER_PROGRAMS) {
    writeFileSync(join(standIns, program), STAND_IN);
    chmodSync(join(standIns, program), 0o755);
  }
  await run(join(ROOT, 'scripts/env'), ['--compat']);
});
afterAll(() => rmSync(standIns, { recursive: true, force: true }));
afterEach(async () => {
  // A killed engine would leave its nodes in /dev.
  await Promise.all(devices?.pair.nodes.map((node) => node.adm('down', 'r0')) ?? []);
  await devices?.end();
  devices = null;
});

const agentInstalled = existsSync('/usr/lib/ocf/resource.d/linbit/drbd');
const testWithAgent = agentInstalled ? testWithDevices('ocf-tester') : test.skip;

class AgentNode {
  constructor(
    readonly node: TestNode,
    private readonly configPath: string,
    private readonly instance: number,
  ) {
    mkdirSync(this.scratch, { recursive: true });
  }

  private get scratch(): string {
    return join(this.node.runDir, '../ocf');
  }

  /** `meta`: of the clone and of the notification, without their prefix. */
  act(action: string, meta: Readonly<Record<string, string>> = {}, timeoutMs = 60_000): Promise<Outcome> {
    const given: Record<string, string> = {
      clone_max: '2',
      clone_node_max: '1',
      master_max: '1',
      master_node_max: '1',
      promoted_max: '1',
      promoted_node_max: '1',
      notify: 'true',
      timeout: '20000',
      interval: '0',
      on_node: this.node.name,
      ...meta,
    };
    return run(AGENT, [action], {
      timeoutMs,
      env: {
        ...this.node.env,
        ...Object.fromEntries(Object.entries(given).map(([key, value]) => [`OCF_RESKEY_CRM_meta_${key}`, value])),
        PATH: `${standIns}:${ROOT}/.cache/bin-compat:${this.node.env['PATH'] ?? ''}`,
        OCF_ROOT: '/usr/lib/ocf',
        OCF_RESOURCE_TYPE: 'drbd',
        OCF_RESOURCE_PROVIDER: 'tsdrbd',
        OCF_RESOURCE_INSTANCE: `p_r0:${this.instance}`,
        OCF_RESKEY_drbd_resource: 'r0',
        OCF_RESKEY_drbdconf: this.configPath,
        OCF_RESKEY_crm_feature_set: '3.16.2',
        HA_RSCTMP: this.scratch,
      },
    });
  }

  /** With this return code, or everything that the agent said. */
  async expect(action: string, code: number, meta: Readonly<Record<string, string>> = {}): Promise<void> {
    const { code: actual, stdout, stderr } = await this.act(action, meta);
    if (actual === code) return;
    const { name } = this.node;
    throw new Error(`${name}: ${action} gives ${actual}, not ${code}\n${stdout}${stderr}\n${this.node.logEnd()}`);
  }

  /** The last promotion score that the agent asked the cluster for; null when it took it away. */
  score(): number | null {
    const path = join(this.node.runDir, '../cluster-calls');
    const calls = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    const last = calls.filter((call) => /^crm_(attribute|master) /.test(call)).at(-1) ?? '';
    const value = /-v (-?\d+)/.exec(last)?.[1];
    return value === undefined ? null : Number(value);
  }
}

testWithAgent('start, notify, promote, demote, stop, and a killed engine: what Pacemaker is told', async () => {
  const minor = randomInt(2000, 100_000);
  devices = await DevicePair.created({ minors: [minor, minor + 1], deviceDirectory: '/dev' });
  const { pair } = devices;
  const alice = new AgentNode(pair.alice, pair.configPath, 0);
  const bob = new AgentNode(pair.bob, pair.configPath, 1);
  const both = [alice, bob];

  await Promise.all(pair.nodes.map((node) => node.does('create-md', 'r0')));

  expect((await alice.act('meta-data')).stdout).toContain('<action name="promote"');
  await alice.expect('validate-all', SUCCESS);
  await Promise.all(both.map((agent) => agent.expect('monitor', NOT_RUNNING)));

  await Promise.all(both.map((agent) => agent.expect('start', SUCCESS)));
  await pair.alice.until('connected', (_, peer) => peer?.replicationState === 'Established');
  await alice.expect('monitor', SUCCESS);
  // Nothing to promote: both sides are Inconsistent.
  expect(alice.score()).toBeNull();
  await pair.alice.does('new-current-uuid', '--clear-bitmap', 'r0/0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  await Promise.all(both.map((agent) => agent.expect('monitor', SUCCESS)));
  expect(both.map((agent) => agent.score())).toEqual([10000, 10000]);

  const promotion = { notify_operation: 'promote', notify_promote_uname: 'alice', notify_slave_uname: 'alice bob' };
  for (const agent of both) await agent.expect('notify', SUCCESS, { ...promotion, notify_type: 'pre' });
  await alice.expect('promote', SUCCESS);
  for (const agent of both) await agent.expect('notify', SUCCESS, { ...promotion, notify_type: 'post' });
  await alice.expect('monitor', RUNNING_PROMOTED);
  await bob.expect('monitor', SUCCESS);

  // It tries until Pacemaker's patience ends.
  const refused = await bob.act('promote', {}, 8000);
  expect(refused.code).not.toBe(SUCCESS);
  expect(refused.stderr).toContain('State change failed: (-1) Multiple primaries not allowed by config');
  await bob.expect('monitor', SUCCESS);

  await alice.expect('demote', SUCCESS);
  await alice.expect('monitor', SUCCESS);
  await bob.expect('promote', SUCCESS);
  await bob.expect('monitor', RUNNING_PROMOTED);

  await pair.bob.endEngine('SIGKILL');
  await bob.expect('monitor', NOT_RUNNING);
  await alice.expect('promote', SUCCESS);
  await bob.expect('stop', SUCCESS);
  await bob.expect('start', SUCCESS);
  await pair.alice.untilInSync();
  await Promise.all([alice.expect('monitor', RUNNING_PROMOTED), bob.expect('monitor', SUCCESS)]);

  await alice.expect('demote', SUCCESS);
  for (const agent of both) {
    await agent.expect('stop', SUCCESS);
    await agent.expect('monitor', NOT_RUNNING);
    await agent.expect('stop', SUCCESS);
  }
});
