/** /etc/tsdrbd.ini asks for metrics: a running engine serves them. A mistyped setting keeps it from starting. */
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expectNoTrace } from './support/no-trace';
import { Pair } from './support/pair';

let pair: Pair;
beforeEach(async () => {
  pair = await Pair.create();
  await pair.alice.does('create-md', 'r0');
});
afterEach(() => pair.end());

function writeSettings(text: string): void {
  const path = join(pair.directory, 'tsdrbd.ini');
  writeFileSync(path, text);
  pair.alice.env['TSDRBD_INI'] = path;
}

function scrape(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host, port, path: '/metrics', agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

test('metrics of a running node', async () => {
  const { alice, addresses } = pair;
  const port = addresses.port === 65535 ? 65534 : addresses.port + 1;
  writeSettings(`[metrics]\nlisten = ${addresses.alice}:${port}\n`);
  await alice.does('up', 'r0');
  await alice.does('primary', '--force', 'r0');
  const lines = (await scrape(addresses.alice, port)).split('\n');
  expect(lines).toContain('drbd_resource_role{name="r0",drbd_resource_role="Primary"} 1');
  expect(lines).toContain('drbd_device_diskstate{name="r0",volume="0",minor="0",drbd_device_diskstate="UpToDate"} 1');
  expectNoTrace(alice);
});

test('an address that is taken is said in the log, and the node replicates all the same', async () => {
  const { alice, addresses } = pair;
  const other = createServer();
  const port = await new Promise<number>((resolve) =>
    other.listen(0, addresses.alice, () => {
      const address = other.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    }),
  );
  writeSettings(`[metrics]\nlisten = ${addresses.alice}:${port}\n`);
  await alice.does('up', 'r0');
  expect(alice.log()).toContain('no metrics: listen EADDRINUSE');
  expectNoTrace(alice);
  await new Promise((resolve) => other.close(resolve));
});

test('an unknown key', async () => {
  writeSettings('[metrics]\nlissen = 127.0.0.1:1\n');
  const outcome = await pair.alice.adm('up', 'r0');
  expect(outcome.code).not.toBe(0);
  expect(outcome.stderr).toMatch(/unknown key 'lissen' in \[metrics\]/);
  expectNoTrace(outcome, pair.alice);
});
