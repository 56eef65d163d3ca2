/** What `events2` tells of a node that leaves, against what drbd 9.2.18 was recorded to tell. */
import { spawn } from 'node:child_process';
import { Pair } from './support/pair';
import { bundle } from './support/programs';

let pair: Pair;
afterEach(() => pair.end());

test('down: disconnected first, then detached, then gone', async () => {
  pair = await Pair.running();
  const { alice } = pair;
  await alice.does('secondary', 'r0');
  const events = spawn(process.execPath, [bundle('tsdrbdsetup'), 'events2', 'r0'], { env: alice.env });
  let text = '';
  events.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await alice.until('watched', () => text.includes('exists -\n'));
  const gone = new Promise<void>((resolve) =>
    events.stdout.on('data', () => {
      if (text.includes('destroy resource')) resolve();
    }),
  );
  await alice.does('down', 'r0');
  await gone;
  events.kill();

  const told = text
    .slice(text.indexOf('exists -\n') + 'exists -\n'.length)
    .split('\n')
    .filter((line) => line !== '' && !line.includes('helper') && !line.startsWith('change resource'))
    .map((line) => line.replace(/(ipv4:127\.[\d.]+):\d+/g, '$1'));
  const { addresses } = pair;
  const path = `path name:r0 peer-node-id:1 conn-name:bob local:ipv4:${addresses.alice} peer:ipv4:${addresses.bob}`;
  // Source: packages/setup/test/golden/events2-9.2.18-01-two-connect-sync-handover.alice.txt, its last lines.
  expect(told).toEqual([
    'change connection name:r0 peer-node-id:1 conn-name:bob connection:Disconnecting role:Unknown',
    'change peer-device name:r0 peer-node-id:1 conn-name:bob volume:0 replication:Off peer-disk:DUnknown peer-client:no',
    `change ${path} established:no`,
    'change connection name:r0 peer-node-id:1 conn-name:bob connection:StandAlone',
    `destroy ${path}`,
    'destroy connection name:r0 peer-node-id:1 conn-name:bob',
    'change device name:r0 volume:0 minor:0 backing_dev:none disk:Detaching client:no open:no quorum:yes',
    'change device name:r0 volume:0 minor:0 backing_dev:none disk:Diskless client:no open:no quorum:yes',
    'destroy device name:r0 volume:0',
    'destroy resource name:r0',
  ]);
});
