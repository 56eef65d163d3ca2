/** tsdrbd runs no drbd-proxy: what it would be told is shown by a dry run, and reported where it would act. */
import { memoryReader } from '@tsdrbd/config';
import { run } from '../src/run';
import { programNames } from '../src/system';

const CONFIG = `global { disable-ip-verification; }
resource r0 {
  device minor 1; disk /dev/vg/r0;
  on alice { node-id 0; address 10.0.0.1:7001; proxy on alice { inside 10.0.0.1:7002; outside 10.0.0.1:7003; } }
  on bob { node-id 1; address 10.0.0.2:7001; proxy on bob { inside 10.0.0.2:7002; outside 10.0.0.2:7003; } }
}`;

async function runAs(argv: readonly string[]): Promise<{ rc: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', ''];
  const system = {
    names: programNames('tsdrbdadm'),
    hostName: 'alice',
    reader: memoryReader({ '/drbd.conf': CONFIG, '/empty': '' }),
    startProgram: () => Promise.reject(new Error('nothing is started')),
    openConsole: () => null,
    addressState: () => 'up' as const,
  };
  const io = {
    env: { FAKE_DRBDSETUP_SHOW: '/empty' },
    cwd: '/',
    stdin: (async function* () {
      yield '';
    })(),
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
    now: () => 0,
  };
  const rc = await run(['-c', '/drbd.conf', ...argv], io, system);
  return { rc, stdout, stderr };
}

const ADD =
  'drbd-proxy-ctl -c add\\ connection\\ r0-bob-alice\\ 10.0.0.1:7002\\ 10.0.0.2:7003\\ 10.0.0.1:7003\\ 10.0.0.1:7001';

it('a dry run of proxy-up shows the command', async () => {
  expect(await runAs(['-d', 'proxy-up', 'r0'])).toEqual({ rc: 0, stdout: `${ADD}\n`, stderr: '' });
});

it('proxy-up fails and says what it cannot do', async () => {
  const { rc, stderr } = await runAs(['proxy-up', 'r0']);
  expect({ rc, stderr }).toEqual({ rc: 20, stderr: `proxies are not supported by tsdrbd, not done: ${ADD}\n` });
});

it('adjust plans the proxy among the rest', async () => {
  const { rc, stdout } = await runAs(['-d', 'adjust', 'r0']);
  expect(rc).toBe(0);
  expect(stdout.split('\n')).toContain(ADD);
});

it('-p names the program', async () => {
  expect((await runAs(['-d', '-p', '/usr/bin/other-ctl', 'proxy-down', 'r0'])).stdout).toBe(
    '/usr/bin/other-ctl -c del\\ connection\\ r0-bob-alice\n',
  );
});
