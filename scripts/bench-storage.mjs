#!/usr/bin/env node
/**
 * What a 4 KiB write into the page cache costs by each way that the storage room could take: the table of
 * docs/decisions/0004-backing-writes.md. Works on a file of 256 MiB in DIRECTORY, or on the given block device
 * or file (overwritten!).
 *
 * usage: bench-storage.mjs [--dir DIRECTORY | --device PATH]
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, write, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const { values } = parseArgs({
  options: { dir: { type: 'string', default: tmpdir() }, device: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log('usage: bench-storage.mjs [--dir DIRECTORY | --device PATH]');
  process.exit(0);
}

const engine = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages/engine');
const koffi = createRequire(join(engine, 'package.json'))('koffi');
const bundle = join(engine, '.cache/storage.mjs');
await build({
  entryPoints: [join(engine, 'src/storage/index.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  external: ['koffi'],
  outfile: bundle,
});
const { openBackingDevice } = await import(pathToFileURL(bundle).href);

const MIB = 1024 * 1024;
const SIZE = 256 * MIB;
const work = mkdtempSync(join(values.dir, 'tsdrbd-bench-storage-'));
const path = values.device ?? join(work, 'disk.img');
const fd = openSync(path, values.device ? 'r+' : 'w+');
const full = Buffer.alloc(MIB, 1);
for (let at = 0; at < SIZE; at += MIB) writeSync(fd, full, 0, MIB, at);
fsyncSync(fd);

const block = Buffer.alloc(4096, 7);
let state = 1;
const offset = () => {
  state = (state * 1103515245 + 12345) & 0x7fffffff;
  return (state % (SIZE / 4096)) * 4096;
};
const print = (name, us, cpuUs) =>
  console.log(`${name.padEnd(48)} ${us.toFixed(1).padStart(6)} us ${cpuUs.toFixed(1).padStart(6)} us of CPU`);

function sync(name, count, act) {
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) act();
  const us = Number(process.hrtime.bigint() - start) / 1000 / count;
  const { user, system } = process.cpuUsage(cpu);
  print(name, us, (user + system) / count);
}

function async(name, count, depth, act) {
  return new Promise((resolve, reject) => {
    let started = 0;
    let done = 0;
    const cpu = process.cpuUsage();
    const start = process.hrtime.bigint();
    const next = (error) => {
      if (error) return reject(new Error(error.message));
      if (done === count) {
        const us = Number(process.hrtime.bigint() - start) / 1000 / count;
        const { user, system } = process.cpuUsage(cpu);
        print(`${name}, depth ${depth}`, us, (user + system) / count);
        return resolve();
      }
      if (started === count) return;
      started += 1;
      act((failed) => {
        done += 1;
        next(failed);
      });
    };
    for (let i = 0; i < depth; i++) next(null);
  });
}

const RWF_NOWAIT = 8;
const libc = koffi.load('libc.so.6');
const vectors = Buffer.alloc(16);
vectors.writeBigUInt64LE(koffi.address(block), 0);
vectors.writeBigUInt64LE(4096n, 8);
for (const call of ['preadv2', 'pwritev2']) {
  const run = libc.func(`long ${call}(int fd, void *iov, int count, int64_t offset, int flags)`);
  const result = run(fd, vectors, 1, 0, RWF_NOWAIT);
  const errno = koffi.errno();
  if (result === 4096)
    sync(`${call} RWF_NOWAIT through koffi`, 100_000, () => run(fd, vectors, 1, offset(), RWF_NOWAIT));
  else console.log(`${call} RWF_NOWAIT: refused, errno ${errno}`);
}
sync('pwrite on the event loop (fs.writeSync)', 100_000, () => writeSync(fd, block, 0, 4096, offset()));
for (const depth of [32, 1]) {
  const count = depth === 1 ? 20_000 : 100_000;
  await async('libuv pool (fs.write)', count, depth, (done) => write(fd, block, 0, 4096, offset(), done));
}
closeSync(fd);
const device = await openBackingDevice(path);
await new Promise((resolve) => device.write(0, [block], resolve)); // the thread is up
for (const depth of [32, 1]) {
  const count = depth === 1 ? 20_000 : 100_000;
  await async('backing device', count, depth, (done) => device.write(offset(), [block], done));
  await async('backing device, cached reads', count, depth, (done) => device.read(offset(), block, done));
}
await new Promise((resolve) => device.close(resolve));
rmSync(work, { recursive: true, force: true });
