/** Handlers of drbd.conf are run by the engine through tsdrbdadm. Source: adm.md 7. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pair } from './support/pair';

const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-handlers-'));
const record = join(directory, 'record');
const note = (handler: string): string =>
  `${handler} "echo ${handler} $(uname -n) $__DRBD_NODE__ $DRBD_RESOURCE $DRBD_MINOR $DRBD_PEER_NODE_ID $DRBD_NODE_ID_0 >> ${record}";`;
let pair: Pair;

beforeAll(async () => {
  pair = await Pair.create({
    handlers: [note('before-resync-target'), note('after-resync-target'), note('before-resync-source')].join(' '),
  });
});
afterAll(async () => {
  await pair.end();
  rmSync(directory, { recursive: true, force: true });
});

test('a resync calls those of source and target, with what the script needs to know', async () => {
  for (const node of pair.nodes) {
    await node.does('create-md', 'r0');
    await node.does('up', 'r0');
  }
  await pair.alice.until('connected', (_, peer) => peer?.replicationState === 'Established');
  await pair.alice.does('primary', '--force', 'r0');
  await Promise.all(pair.nodes.map((node) => node.untilInSync()));
  const calls = (): string[] =>
    readFileSync(record, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replace(/ \S+ /, ' '))
      .sort();
  // The last one is called when both disks are UpToDate.
  while (calls().length < 3) await sleep(50);
  expect(calls()).toEqual([
    'after-resync-target bob r0 0 0 alice',
    'before-resync-source alice r0 0 1 alice',
    'before-resync-target bob r0 0 0 alice',
  ]);
});
