/**
 * Fills the code caches of the programs (make-code-cache.cjs) by the commands that are run most, on a made-up node with a
 * daemon of its own. Caches are loaded whole: code that is seldom used is better compiled when it is.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const maker = join(here, 'make-code-cache.cjs');
const nativeModules = join(here, '../../packages/engine/node_modules');

/** They all succeed, and leave nothing outside `work`. */
const commandsIn = (work) => {
  const config = ['-c', join(work, 'drbd.conf')];
  const area = ['0', 'v09', join(work, 'disk'), 'internal'];
  return {
    tsdrbdmeta: [
      ['--force', ...area, 'create-md', '3'],
      [...area, 'dump-md'],
      ['--node-id=0', ...area, 'show-gi'],
    ],
    tsdrbdsetup: [['status'], ['show'], ['events2', '--now']],
    tsdrbdadm: [
      [...config, 'dump'],
      [...config, 'sh-resources'],
      [...config, 'status'],
      [...config, '--dry-run', 'adjust', 'r0'],
      [...config, '--dry-run', 'up', 'r0'],
      [...config, 'create-md', '--force', '--max-peers=3', 'r0'],
    ],
  };
};

/** What `up` does with a daemon, but for `connect`: a build listens for no peers. */
const stagesOfUp = ['new-resource', 'new-minor', 'new-peer', 'new-path', 'repair-md', 'apply-al', 'attach'];
const withDaemon = (work) => {
  const config = ['-c', join(work, 'drbd.conf')];
  return [
    ...stagesOfUp.map((command) => [...config, command, 'r0']),
    [...config, '--dry-run', 'adjust', 'r0'],
    [...config, 'status', 'r0'],
    [...config, 'down', 'r0'],
  ];
};

/**
 * For `programs`, and what they load from their directories.
 * `directories`: of all programs by their names; tsdrbdadm meets a daemon if there is one.
 */
export async function fillCodeCaches(programs, directories) {
  const work = await mkdtemp(join(tmpdir(), 'tsdrbd-code-cache-'));
  try {
    await writeFile(join(work, 'tsdrbd.ini'), '[device]\nfrontend = none\n');
    await writeFile(join(work, 'disk'), '');
    await truncate(join(work, 'disk'), 16 * 1024 ** 2);
    await writeFile(join(work, 'drbd.conf'), sampleConfig(join(work, 'disk')));
    // Nothing of the caller's settings.
    const env = {
      PATH: process.env.PATH,
      HOME: work,
      TSDRBD_RUN_DIR: join(work, 'run'),
      TSDRBD_INI: join(work, 'tsdrbd.ini'),
      __DRBD_NODE__: 'alice',
      // The native modules, which may not lie beside the programs yet.
      NODE_PATH: nativeModules,
    };
    const pathOf = (program) => join(directories[program], `${program}.cjs`);
    const run = (program, words) => promisify(execFile)(process.execPath, [maker, pathOf(program), ...words], { env });
    for (const program of programs) {
      for (const words of commandsIn(work)[program] ?? []) await run(program, words);
    }
    if (!existsSync(pathOf('tsdrbdd'))) return;
    const daemon = await startDaemon(programs.includes('tsdrbdd') ? [maker] : [], pathOf('tsdrbdd'), env);
    if (programs.includes('tsdrbdadm')) for (const words of withDaemon(work)) await run('tsdrbdadm', words);
    await daemon.end();
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Resolves when it takes requests. */
async function startDaemon(words, path, env) {
  const daemon = spawn(process.execPath, [...words, path], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(daemon, 'close');
  let log = '';
  const started = new Promise((resolve) => {
    // Its last word before it may be ended.
    daemon.stdout.on('data', (text) => (log += text).includes('"started"') && resolve());
  });
  await Promise.race([started, closed]);
  return {
    async end() {
      daemon.kill('SIGTERM');
      const [exitCode] = await closed;
      if (exitCode !== 0) throw new Error(`${path} ended with ${exitCode}: ${log}`);
    },
  };
}

const sampleConfig = (disk) => `
global { usage-count no; }
common {
  net { protocol C; max-buffers 8000; verify-alg sha1; }
  disk { c-max-rate 100M; on-io-error detach; }
  options { auto-promote yes; }
}
resource r0 {
  handlers { split-brain "/usr/lib/drbd/notify-split-brain.sh root"; }
  net { cram-hmac-alg sha1; shared-secret "secret"; }
  volume 0 { device /dev/drbd0 minor 0; disk ${disk}; meta-disk internal; }
  on alice { node-id 0; address 127.0.0.1:7789; }
  on bob { node-id 1; address 127.0.0.2:7789; }
  on charlie { node-id 2; volume 0 { disk none; } address ipv4 127.0.0.3:7789; }
  connection-mesh { hosts alice bob charlie; }
}
resource r1 {
  device minor 1; disk ${disk}.1; meta-disk internal;
  on alice { address 127.0.0.1:7790; }
  on bob { address 127.0.0.2:7790; }
}
`;
