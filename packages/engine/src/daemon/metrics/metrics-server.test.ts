import { request } from 'node:http';
import { connectionState, deviceState, deviceStatistics, peerDeviceState, resourceState } from '../../control/testing';
import type { NodeState } from '../../control';
import { startMetricsServer, type MetricsServer } from './metrics-server';

let server: MetricsServer;
let state: NodeState;
let errors: unknown[];
beforeEach(async () => {
  errors = [];
  state = { resources: [] };
  server = await startMetricsServer(
    { host: '127.0.0.1', port: 0 },
    { snapshot: () => state, onError: (error) => errors.push(error) },
  );
});
afterEach(() => server.close());

function get(
  path: string,
  method = 'GET',
): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, method, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: String(response.headers['content-type']), text }),
      );
    })
      .on('error', reject)
      .end();
  });
}

test('a node without resources', async () => {
  const { status, type, text } = await get('/metrics');
  expect(status).toBe(200);
  expect(type).toContain('text/plain; version=0.0.4');
  expect(text).toMatch(/^drbd_resource_resources 0$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
});

test('states are labels, sectors become bytes, and every scrape shows the state of now', async () => {
  const device = deviceState({
    volume: 1,
    minor: 7,
    open: 'yes',
    statistics: deviceStatistics({ sizeSectors: 2048, writtenSectors: 10, alWriteCount: 3 }),
  });
  const connection = connectionState({ peerDevices: [peerDeviceState({ volume: 1, peerDiskState: 'Inconsistent' })] });
  state = { resources: [resourceState({ role: 'Primary', devices: [device], connections: [connection] })] };
  const first = (await get('/metrics')).text;
  for (const line of [
    'drbd_resource_role{name="r0",drbd_resource_role="Primary"} 1',
    'drbd_resource_maypromote{name="r0"} 0',
    'drbd_device_diskstate{name="r0",volume="1",minor="7",drbd_device_diskstate="UpToDate"} 1',
    'drbd_device_size_bytes{name="r0",volume="1",minor="7"} 1048576',
    'drbd_device_written_bytes_total{name="r0",volume="1",minor="7"} 5120',
    'drbd_device_alwrites_total{name="r0",volume="1",minor="7"} 3',
    'drbd_device_open{name="r0",volume="1",minor="7"} 1',
    'drbd_connection_state{name="r0",conn_name="bob",peer_node_id="1",drbd_connection_state="Connected"} 1',
    'drbd_peerdevice_diskstate{name="r0",conn_name="bob",peer_node_id="1",volume="1",drbd_peerdevice_diskstate="Inconsistent"} 1',
  ]) {
    expect(first.split('\n')).toContain(line);
  }

  state = { resources: [resourceState({ name: 'odd "name"\\', role: 'Secondary' })] };
  const second = (await get('/metrics')).text;
  expect(second).toContain('drbd_resource_role{name="odd \\"name\\"\\\\",drbd_resource_role="Secondary"} 1');
  expect(second).not.toContain('drbd_device_');
  expect(second).not.toContain('"Primary"');
});

test('nothing else is there, and nothing can be changed', async () => {
  expect((await get('/')).status).toBe(404);
  expect((await get('/v1/state')).status).toBe(404);
  expect((await get('/metrics', 'POST')).status).toBe(405);
});

test('a failure is told, and the next scrape works', async () => {
  const good = state;
  // A counter does not go backwards.
  state = {
    resources: [
      resourceState({
        devices: [deviceState({ statistics: deviceStatistics({ readSectors: -1 }) })],
      }),
    ],
  };
  expect((await get('/metrics')).status).toBe(500);
  expect(errors).toHaveLength(1);
  state = good;
  expect((await get('/metrics')).status).toBe(200);
});
