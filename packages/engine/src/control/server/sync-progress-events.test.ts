import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../client';
import type { NodeState, SyncDetails } from '../schema/node-state';
import { FakeBackend, connectionState, peerDeviceState, resourceState } from '../testing';
import { startControlServer } from './control-server';

/** Every look finds 100 sectors more done; nothing else ever changes. */
class SynchronisingBackend extends FakeBackend {
  private outOfSyncSectors = 10_000;

  override snapshot(): NodeState {
    this.outOfSyncSectors -= 100;
    const sync: SyncDetails = {
      totalSectors: 10_000,
      startMs: 1000,
      pausedMs: 0,
      mark0Ms: 1000,
      mark0Sectors: 100,
      mark1Ms: 1000,
      mark1Sectors: 100,
      failedSectors: 0,
      sameChecksumSectors: 0,
      wantKibPerSecond: 0,
      verify: null,
    };
    const peer = peerDeviceState({ replicationState: 'SyncSource', sync });
    const statistics = { ...peer.statistics, outOfSyncSectors: this.outOfSyncSectors };
    const connections = [connectionState({ peerDevices: [{ ...peer, statistics }] })];
    return { resources: [resourceState({ connections }), resourceState({ name: 'idle' })] };
  }
}

test('a resync is told of while it goes on, without any change of state', async () => {
  const runDir = mkdtempSync(join(tmpdir(), 'tsdrbd-progress-'));
  const bugs: unknown[] = [];
  const server = await startControlServer(
    { runDir },
    {
      backend: new SynchronisingBackend(),
      takeLock: () => ({ release: () => undefined }),
      onBug: (bug) => bugs.push(bug),
    },
  );
  try {
    const told: unknown[] = [];
    const stop = new AbortController();
    const client = new ControlClient({ TSDRBD_RUN_DIR: runDir });
    for await (const { events } of client.events({ signal: stop.signal })) {
      for (const event of events) {
        if (event.kind !== 'change' || event.after.type !== 'peer-device') continue;
        told.push([event.after.resourceName, event.after.statistics.outOfSyncSectors]);
      }
      if (told.length === 2) stop.abort();
    }
    expect(told).toEqual([
      ['r0', 9800],
      ['r0', 9700],
    ]);
    expect(bugs).toEqual([]);
  } finally {
    await server.close();
    rmSync(runDir, { recursive: true });
  }
});
