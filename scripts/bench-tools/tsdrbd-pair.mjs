import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';
import { cpuSeconds } from './process-cpu.mjs';
import { startListening, stopped } from './started.mjs';

const SIZE_MIB = 256;
const packages = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'packages');
const program = {
  tsdrbdd: join(packages, 'engine/dist/tsdrbdd.cjs'),
  tsdrbdadm: join(packages, 'adm/dist/tsdrbdadm.cjs'),
};

/** Two tsdrbd nodes on 127.0.0.1 and 127.0.0.2, synchronised, the first one Primary. Default options, protocol C. */
export async function startTsdrbdPair(dir, profileDir) {
  mkdirSync(dir, { recursive: true });
  const port = await freePort();
  const names = ['alice', 'bob'];
  const configFile = join(dir, 'drbd.conf');
  const nodes = names.map((name, n) => {
    const runDir = join(dir, name);
    const disk = join(dir, `${name}.img`);
    mkdirSync(runDir);
    writeFileSync(disk, '');
    truncateSync(disk, SIZE_MIB * 1024 * 1024);
    const env = { ...process.env, __DRBD_NODE__: name, TSDRBD_RUN_DIR: runDir };
    const section = `  on ${name} { node-id ${n}; device minor ${n}; disk ${disk}; meta-disk internal; address 127.0.0.${n + 1}:${port}; }`;
    return { name, runDir, env, section };
  });
  writeFileSync(
    configFile,
    `global { usage-count no; }\nresource r0 {\n${nodes.map((node) => node.section).join('\n')}\n}\n`,
  );
  const adm = (node, ...argv) =>
    execFileSync(process.execPath, [program.tsdrbdadm, '-c', configFile, ...argv], {
      env: node.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }).toString();
  const [alice] = nodes;
  for (const node of nodes) {
    const profiling = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileDir, node.name)}`];
    node.daemon = await startListening(
      process.execPath,
      ['--v8-pool-size=1', ...profiling, program.tsdrbdd],
      join(node.runDir, 'control.sock'),
      { env: node.env, stdio: 'ignore' },
    );
    adm(node, '--', '--force', 'create-md', 'r0');
    adm(node, 'up', 'r0');
  }
  adm(alice, 'wait-connect', 'r0');
  adm(alice, '--', '--clear-bitmap', 'new-current-uuid', 'r0');
  adm(alice, 'primary', 'r0');
  const socket = join(alice.runDir, 'nbd/r0/0.sock');
  if (!existsSync(socket)) throw new Error(`no NBD socket: ${adm(alice, 'status', 'r0')}`);
  return {
    name: 'tsdrbd',
    uri: `nbd+unix:///r0%2f0?socket=${socket}`,
    sizeMib: 200,
    cpuSeconds: () => cpuSeconds(nodes.map((node) => node.daemon.pid)),
    stop: async () => {
      for (const node of nodes) await stopped(node.daemon);
    },
  };
}
