/**
 * The jobs, the two sides and the ratios of scripts/bench. The page cache is warm: this measures programs, not disks.
 * Per job: operations or latency, and the CPU time that all processes of a side together spent per operation.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startQuorum } from './quorum.mjs';
import { startTsdrbdPair } from './tsdrbd-pair.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    dir: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

/**
 * Small blocks before large ones: where a file was written in large pieces, the page cache keeps large folios, and a
 * 4 KiB write into one costs the kernel three times as much (Linux 6.18, ext4), on both sides. `better`: what the ratio
 * compares.
 */
const fill = ['--rw=write', '--bs=4k', '--iodepth=32'];
const jobs = [
  { name: 'randwrite 4k depth 32', argv: ['--rw=randwrite', '--bs=4k', '--iodepth=32'], better: 'iops' },
  { name: 'randwrite 4k depth 1', argv: ['--rw=randwrite', '--bs=4k', '--iodepth=1'], better: 'latency' },
  { name: 'write 1m depth 8', argv: ['--rw=write', '--bs=1m', '--iodepth=8'], better: 'iops' },
].filter((job) => job.name.includes(values.only));

/** fio's clock starts after a second; the CPU time is that of the whole run, so it is put against all operations. */
function measure(side, argv) {
  // What the other side left in the page cache is not written back at this one's expense.
  execFileSync('sync', ['-f', work]);
  const cpuBefore = side.cpuSeconds();
  const out = execFileSync('fio', [
    '--name=j',
    '--ioengine=nbd',
    `--uri=${side.uri}`,
    `--size=${side.sizeMib}m`,
    '--time_based',
    `--runtime=${seconds}`,
    '--norandommap',
    '--output-format=json',
    ...argv,
  ]).toString();
  const {
    jobs: [{ write }],
  } = JSON.parse(out.slice(out.indexOf('{')));
  const cpuUs = ((side.cpuSeconds() - cpuBefore) * 1e6) / write.total_ios;
  return { iops: write.iops, latencyUs: write.clat_ns.mean / 1000, cpuUs };
}

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const work = mkdtempSync(join(values.dir, 'tsdrbd-bench-'));
const sides = [];
try {
  sides.push(await startTsdrbdPair(join(work, 'tsdrbd'), values.profile));
  sides.push(await startQuorum(join(work, 'quorum')));
  for (const side of sides) measure(side, fill);
  for (const job of jobs) {
    const runs = sides.map(() => []);
    for (let round = 0; round < rounds; round++) sides.forEach((side, n) => runs[n].push(measure(side, job.argv)));
    const [ours, theirs] = runs.map((own) => ({
      iops: median(own.map((run) => run.iops)),
      latencyUs: median(own.map((run) => run.latencyUs)),
      cpuUs: median(own.map((run) => run.cpuUs)),
    }));
    sides.forEach((side, n) => {
      const { iops, latencyUs, cpuUs } = [ours, theirs][n];
      const cells = [`${iops.toFixed(0)} IOPS`, `${latencyUs.toFixed(0)} us`, `${cpuUs.toFixed(0)} us CPU each`];
      console.log(`${job.name.padEnd(22)} ${side.name.padEnd(20)} ${cells.map((cell) => cell.padStart(17)).join('')}`);
    });
    console.log(
      job.better === 'iops'
        ? `${job.name.padEnd(22)} tsdrbd has ${(ours.iops / theirs.iops).toFixed(2)} x the throughput`
        : `${job.name.padEnd(22)} tsdrbd has ${(ours.latencyUs / theirs.latencyUs).toFixed(2)} x the latency`,
    );
  }
} finally {
  for (const side of sides) await side.stop();
  rmSync(work, { recursive: true, force: true });
}
