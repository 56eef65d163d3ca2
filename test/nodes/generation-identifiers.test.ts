/**
 * The flags of get-gi on attached disks, against what drbd 9.2.18 was recorded to show in the same situations; and what
 * a Primary that was killed leaves on its disk, for whichever DRBD reads it next. Source: behaviour.md 1.13, 2.2.
 */
import { Pair } from './support/pair';
import { expectNoTrace } from './support/no-trace';

let pair: Pair;
beforeEach(async () => {
  pair = await Pair.create();
});
afterEach(() => pair.end());

/** Consistent, up to date, Primary, crashed Primary, AL clean, AL disabled, lost quorum; of the peer: connected, ... */
async function flags(name: 'alice' | 'bob'): Promise<string> {
  const outcome = await pair[name].program('tsdrbdsetup', 'get-gi', 'r0', name === 'alice' ? '1' : '0', '0');
  return outcome.stdout.trim().split(':').slice(4).join(':');
}

test('as DRBD 9 shows them', async () => {
  const { alice, bob } = pair;
  for (const node of pair.nodes) {
    await node.does('create-md', 'r0');
    await node.does('up', 'r0');
  }
  for (const node of pair.nodes) await node.until('connected', (_, peer) => peer?.replicationState === 'Established');
  for (const name of ['alice', 'bob'] as const) expect(await flags(name)).toBe('0:0:0:0:0:0:0:1:1:0:0:1');

  await alice.does('new-current-uuid', '--clear-bitmap', 'r0/0');
  for (const node of pair.nodes) await node.untilInSync();
  await alice.does('primary', 'r0');
  expect(await flags('alice')).toBe('1:1:1:1:0:0:0:1:0:0:0:1');
  await alice.does('secondary', 'r0');
  for (const name of ['alice', 'bob'] as const) expect(await flags(name)).toBe('1:1:0:0:0:0:0:1:0:0:0:1');
  expectNoTrace(alice, bob);
});

test('a Primary that is killed is marked as crashed on its disk; one that stepped down is not', async () => {
  const { alice } = pair;
  await alice.does('create-md', 'r0');
  await alice.does('up', 'r0');
  await alice.does('primary', '--force', 'r0');
  await alice.endEngine('SIGKILL');
  const meta = async (): Promise<string | undefined> => {
    const words = ['0', 'v09', alice.diskPath, 'internal', 'get-gi', '--node-id', '1'];
    const outcome = await alice.program('tsdrbdmeta', ...words);
    expect(outcome).toMatchObject({ code: 0 });
    return /:([01](?::[01]){3})(?::[01])+$/.exec(outcome.stdout.trim())?.[1];
  };
  expect(await meta()).toBe('1:1:1:1');

  await alice.does('up', 'r0');
  await alice.does('primary', 'r0');
  await alice.does('down', 'r0');
  // It has not seen its peer since: that it crashed once is still so.
  expect(await meta()).toBe('1:1:0:1');

  await alice.does('create-md', '--force', 'r0');
  await alice.does('up', 'r0');
  await alice.does('primary', '--force', 'r0');
  await alice.does('secondary', 'r0');
  await alice.endEngine('SIGKILL');
  expect(await meta()).toBe('1:1:0:0');
});
