/** Opening a volume promotes, the last close demotes. Source: behaviour.md 8.5, and 12.2 rows 19 and 20. */
import { spawn, type ChildProcess } from 'node:child_process';
import { expectNoTrace } from './support/no-trace';
import type { TestNode } from './support/node';
import { Pair } from './support/pair';
import { run, testWith } from './support/programs';

let pair: Pair;
const applications: ChildProcess[] = [];
beforeAll(async () => {
  pair = await Pair.running();
  await pair.alice.does('secondary', 'r0');
});
afterAll(() => pair.end());

const withQemu = testWith('qemu-io');
const qemuIo = (node: TestNode, command: string) => run('qemu-io', ['-f', 'raw', '-c', command, node.uri]);
const untilRole = (node: TestNode, role: string) => node.until(role, (resource) => resource.role === role);

/** An application that holds the volume open until it is told to end. */
async function holdOpen(node: TestNode): Promise<() => Promise<void>> {
  const application = spawn('qemu-io', ['-f', 'raw', node.uri], { stdio: ['pipe', 'ignore', 'ignore'] });
  applications.push(application);
  await node.until('open', ({ devices }) => devices[0]?.open === 'yes');
  return async () => {
    const ended = new Promise((resolve) => application.once('exit', resolve));
    application.stdin?.end('quit\n');
    await ended;
  };
}

describe('auto-promote', () => {
  afterEach(async () => {
    for (const application of applications.splice(0)) application.kill('SIGKILL');
    for (const node of pair.nodes) {
      await node.until('closed', ({ devices }) => devices[0]?.open === 'no');
      await node.adm('secondary', 'r0');
    }
  });

  withQemu('an open promotes and the close demotes, on either node in turn', async () => {
    for (const [i, node] of [pair.alice, pair.bob, pair.alice].entries()) {
      const close = await holdOpen(node);
      await untilRole(node, 'Primary');
      expect(await qemuIo(node, `write -P ${i + 1} ${i}M 64k`)).toMatchObject({ code: 0 });
      expect((await node.state())?.resources[0]?.role).toBe('Primary');
      await close();
      await untilRole(node, 'Secondary');
      await pair[node === pair.alice ? 'bob' : 'alice'].until(
        'told so',
        ({ connections }) => connections[0]?.peerRole === 'Secondary',
      );
    }
    expect(await qemuIo(pair.bob, 'read -P 1 0 64k')).toMatchObject({ code: 0 });
  });

  withQemu('many opens at once make one promotion', async () => {
    const { bob } = pair;
    const results = await Promise.all(Array.from({ length: 8 }, () => qemuIo(bob, 'write -P 9 8M 64k')));
    expect(results.map(({ code }) => code)).toEqual(new Array(8).fill(0));
    await untilRole(bob, 'Secondary');
  });

  withQemu('while one node has it open, the other refuses, and gets it after the close', async () => {
    const { alice, bob } = pair;
    const close = await holdOpen(alice);
    const refused = await qemuIo(bob, 'read 0 4k');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('auto-promote failed: (-1) Multiple primaries not allowed by config');
    expect(await bob.adm('primary', 'r0')).toMatchObject({ code: 11 });

    // It waits for a peer that steps down: at most auto-promote-timeout, 2 s.
    const patient = qemuIo(bob, 'read 0 4k');
    await close();
    expect(await patient).toMatchObject({ code: 0 });
  });

  withQemu('who promoted explicitly stays Primary after the close; an open device is not demoted', async () => {
    const { alice } = pair;
    const close = await holdOpen(alice);
    const refused = await alice.adm('secondary', 'r0');
    expect(refused).toMatchObject({
      code: 11,
      stderr: expect.stringContaining('(-12) Device is held open by someone'),
    });
    await alice.does('primary', 'r0');
    await close();
    await alice.until('closed', ({ devices }) => devices[0]?.open === 'no');
    expect((await alice.state())?.resources[0]?.role).toBe('Primary');
  });

  withQemu('an application that is killed has closed', async () => {
    const { alice } = pair;
    await holdOpen(alice);
    for (const application of applications.splice(0)) application.kill('SIGKILL');
    await untilRole(alice, 'Secondary');
  });

  withQemu('with auto-promote no an open promotes nobody', async () => {
    const { alice } = pair;
    await alice.program('tsdrbdsetup', 'resource-options', 'r0', '--auto-promote=no');
    const refused = await qemuIo(alice, 'read 0 4k');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('r0/0 is Secondary on this node; promote it first: tsdrbdadm primary r0');
    expect((await alice.state())?.resources[0]?.role).toBe('Secondary');
    await alice.program('tsdrbdsetup', 'resource-options', 'r0', '--auto-promote=yes');
  });
});

test('after all of it the disks hold the same', async () => {
  expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
  expectNoTrace(...pair.nodes);
});
