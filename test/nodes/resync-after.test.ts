/** The option resync-after: one volume's resync waits for another's. Source: behaviour.md 7.6, and 12.2 row 100. */
import { truncateSync, writeFileSync } from 'node:fs';
import { Pair } from './support/pair';

let pair: Pair;
beforeAll(async () => {
  pair = await Pair.create();
  const { alice, bob, addresses } = pair;
  for (const { diskPath } of pair.nodes) {
    writeFileSync(`${diskPath}-1`, '');
    truncateSync(`${diskPath}-1`, 8 * 1024 * 1024);
  }
  // The first volume is slow enough to be seen.
  writeFileSync(
    pair.configPath,
    `global { usage-count no; }
resource r0 {
    net { protocol C; connect-int 1; }
    disk { c-plan-ahead 0; }
    on alice {
        address ${addresses.alice}:${addresses.port};
        volume 0 { device minor 0; disk ${alice.diskPath}; meta-disk internal; disk { resync-rate 8M; } }
        volume 1 { device minor 1; disk ${alice.diskPath}-1; meta-disk internal; disk { resync-rate 200M; resync-after r0/0; } }
    }
    on bob {
        address ${addresses.bob}:${addresses.port};
        volume 0 { device minor 0; disk ${bob.diskPath}; meta-disk internal; disk { resync-rate 8M; } }
        volume 1 { device minor 1; disk ${bob.diskPath}-1; meta-disk internal; disk { resync-rate 200M; resync-after r0/0; } }
    }
}
`,
  );
});
afterAll(() => pair.end());

test('the second volume waits, says so, and then is resynchronised', async () => {
  for (const node of pair.nodes) {
    await node.does('create-md', 'r0');
    await node.does('up', 'r0');
  }
  await pair.alice.until('connected', ({ connections }) => connections[0]?.connectionState === 'Connected');
  await pair.alice.does('primary', '--force', 'r0');
  const paused = await pair.bob.until('the second waits', ({ connections }) => {
    const [first, second] = connections[0]?.peerDevices ?? [];
    return first?.replicationState === 'SyncTarget' && second?.replicationState === 'PausedSyncT';
  });
  expect(paused.connections[0]?.peerDevices[1]?.resyncSuspended.dependency).toBe(true);
  expect(paused.devices[1]?.diskState).toBe('Inconsistent');
  const done = await pair.bob.until('both are done', ({ devices }) =>
    devices.every(({ diskState }) => diskState === 'UpToDate'),
  );
  expect(done.connections[0]?.peerDevices[1]?.resyncSuspended.dependency).toBe(false);
});

test('a loop is refused with the number and text of DRBD', async () => {
  const result = await pair.bob.program('tsdrbdsetup', 'disk-options', '0', '--resync-after=1');
  expect(result.code).toBe(10);
  expect(result.stderr).toContain('(133) This would cause a resync-after dependency cycle');
});
