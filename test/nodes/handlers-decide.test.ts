/** Exit codes of handlers count, and events2 tells of each call. Source: adm.md 7.1, behaviour.md 8.2, 10.3, setup.md 5.2. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair } from './support/pair';
import { bundle } from './support/programs';

const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-handlers-'));
const record = join(directory, 'record');
const refusal = join(directory, 'refuse');
const note = (handler: string, then: string): string =>
  `${handler} "echo ${handler} $__DRBD_NODE__ $DRBD_PEER_NODE_ID $UP_TO_DATE_NODES >> ${record}; ${then}";`;

let pair: Pair;
beforeAll(async () => {
  pair = await Pair.running({
    net: 'fencing resource-only;',
    handlers: [
      note('fence-peer', 'exit 4'),
      note('unfence-peer', 'exit 0'),
      note('before-resync-target', `test ! -e ${refusal}`),
      note('disconnected', 'exit 3'),
    ].join(' '),
  });
});
afterAll(async () => {
  await pair.end();
  rmSync(directory, { recursive: true, force: true });
});

const calls = (): string[] => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []);
async function called(call: string): Promise<void> {
  while (!calls().includes(call)) await sleep(50);
}

test('fence-peer outdates the lost peer, a refused resync ends the connection, unfence-peer follows one that ended well', async () => {
  const { alice, bob } = pair;
  const events = spawn(process.execPath, [bundle('tsdrbdsetup'), 'events2', 'r0'], { env: alice.env });
  let text = '';
  events.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await alice.until('watched', () => text.includes('exists -\n'));

  await bob.endEngine('SIGKILL');
  await alice.until('fenced', (_, peer) => peer?.peerDiskState === 'Outdated');
  await called('fence-peer alice 1 0x00000001');
  await called('disconnected alice 1');
  const of = 'name:r0 peer-node-id:1 conn-name:bob';
  const told = [
    `call helper ${of} helper:disconnected\n`,
    `response helper ${of} helper:disconnected status:768\n`,
    `call helper ${of} helper:fence-peer\n`,
    `response helper ${of} helper:fence-peer status:1024\n`,
  ];
  await alice.until('told', () => told.every((line) => text.includes(line)));

  writeFileSync(refusal, '');
  await bob.does('up', 'r0');
  await bob.until('StandAlone', ({ connections }) => connections[0]?.connectionState === 'StandAlone');
  await called('before-resync-target bob 0');
  expect(calls().filter((call) => call.startsWith('unfence-peer'))).toEqual([]);

  rmSync(refusal);
  await bob.does('connect', 'r0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  await called('unfence-peer alice 1 0x00000003');
  events.kill();
});
