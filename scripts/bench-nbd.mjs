#!/usr/bin/env node
/**
 * The NBD server and the storage room alone, without replication: fio (engine nbd) against our server over a file,
 * and in turn, in the same run, against `nbdkit file` and qemu-storage-daemon over such a file. Prints ratios.
 * The file systems' caches are warm: this measures programs, not disks.
 *
 * usage: bench-nbd.mjs [--seconds N] [--rounds N] [--dir DIRECTORY] [--only SUBSTRING]
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '2' },
    dir: { type: 'string', default: tmpdir() },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('usage: bench-nbd.mjs [--seconds N] [--rounds N] [--dir DIRECTORY] [--only SUBSTRING]');
  process.exit(0);
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const work = mkdtempSync(join(values.dir, 'tsdrbd-bench-nbd-'));
const MIB = 1024 * 1024;
const SIZE_MIB = 512;

const bundle = join(root, 'packages/engine/.cache/serve-file.mjs');
await build({
  entryPoints: [join(root, 'packages/engine/test/support/serve-file.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi'],
  outfile: bundle,
});

const servers = [
  { name: 'tsdrbd', argv: (file, socket) => [process.execPath, bundle, file, socket] },
  { name: 'nbdkit', argv: (file, socket) => ['nbdkit', '-f', '-U', socket, 'file', file] },
  {
    name: 'qemu-storage-daemon',
    argv: (file, socket) => [
      'qemu-storage-daemon',
      '--blockdev',
      `driver=file,node-name=f,filename=${file},discard=unmap`,
      '--nbd-server',
      `addr.type=unix,addr.path=${socket},max-connections=0`,
      '--export',
      'type=nbd,id=e,node-name=f,name=,writable=on',
    ],
  },
];
const jobs = [
  { name: 'randwrite 4k depth 32', argv: ['--rw=randwrite', '--bs=4k', '--iodepth=32'], of: 'write' },
  { name: 'randwrite 4k depth 1', argv: ['--rw=randwrite', '--bs=4k', '--iodepth=1'], of: 'write' },
  { name: 'randread 4k depth 32', argv: ['--rw=randread', '--bs=4k', '--iodepth=32'], of: 'read' },
  { name: 'randread 4k depth 1', argv: ['--rw=randread', '--bs=4k', '--iodepth=1'], of: 'read' },
  { name: 'write 1m depth 8', argv: ['--rw=write', '--bs=1m', '--iodepth=8'], of: 'write' },
  { name: 'read 1m depth 8', argv: ['--rw=read', '--bs=1m', '--iodepth=8'], of: 'read' },
].filter((job) => job.name.includes(values.only));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(server, job, round) {
  const socket = join(work, `${server.name}-${round}.sock`);
  const file = join(work, `${server.name}.img`);
  const [program, ...argv] = server.argv(file, socket);
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    for (let n = 0; !existsSync(socket); n++) {
      if (n > 200) throw new Error(`${server.name} does not listen`);
      await sleep(25);
    }
    const out = execFileSync('fio', [
      '--name=j',
      '--ioengine=nbd',
      `--uri=nbd+unix:///?socket=${socket}`,
      `--size=${SIZE_MIB}m`,
      '--time_based',
      `--runtime=${values.seconds}`,
      '--ramp_time=1',
      '--output-format=json',
      '--norandommap',
      ...job.argv,
    ]).toString();
    const {
      jobs: [result],
    } = JSON.parse(out.slice(out.indexOf('{')));
    return { iops: result[job.of].iops, latencyUs: result[job.of].clat_ns.mean / 1000 };
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
    rmSync(socket, { force: true });
  }
}

try {
  const full = Buffer.alloc(SIZE_MIB * MIB, 1);
  for (const server of servers) writeFileSync(join(work, `${server.name}.img`), full);
  execFileSync('sync', ['-f', work]);
  for (const job of jobs) {
    const sums = new Map(servers.map((server) => [server.name, { iops: 0, latencyUs: 0 }]));
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const server of servers) {
        const { iops, latencyUs } = await measure(server, job, round);
        sums.get(server.name).iops += iops / Number(values.rounds);
        sums.get(server.name).latencyUs += latencyUs / Number(values.rounds);
      }
    }
    const ours = sums.get('tsdrbd');
    for (const [name, { iops, latencyUs }] of sums) {
      const ratio = name === 'tsdrbd' ? '' : `  ours/this ${(ours.iops / iops).toFixed(2)}`;
      console.log(
        `${job.name.padEnd(24)} ${name.padEnd(20)} ${iops.toFixed(0).padStart(7)} IOPS ${latencyUs.toFixed(0).padStart(6)} us${ratio}`,
      );
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
