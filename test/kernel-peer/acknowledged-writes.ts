/**
 * Load that keeps a record of what was acknowledged, and judges that look for it on a disk afterwards.
 * Numbered blocks of 4 KiB: block N of the load lies at N modulo the range's length, filled with its number.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { KernelNode } from './kernel-node';
import type { OurNode } from './our-node';
import { until } from './until';

const BLOCK_BYTES = 4096;
const MIB = 1024 * 1024;
const BLOCK_WRITER = join(__dirname, '../../scripts/demo-tools/block-writer.mjs');

/** Where the load writes, in MiB from the start of the volume. */
export interface LoadRange {
  readonly offsetMib: number;
  readonly lengthMib: number;
}

/** Writes over NBD until the server goes away or `count` writes are done; the journal has 8 bytes per acknowledged write. */
export class OurLoad {
  private constructor(
    private readonly process: ChildProcess,
    private readonly journalPath: string,
    private readonly range: LoadRange,
  ) {}

  static start(node: OurNode, name: string, range: LoadRange, count?: number): OurLoad {
    const journalPath = join(node.directory, name);
    const words = ['--offset-mib', String(range.offsetMib), '--length-mib', String(range.lengthMib)];
    if (count !== undefined) words.push('--count', String(count));
    const child = spawn(process.execPath, [BLOCK_WRITER, 'write', node.nbdSocketPath(0), journalPath, ...words], {
      stdio: 'ignore',
    });
    return new OurLoad(child, journalPath, range);
  }

  acknowledgedCount(): number {
    return existsSync(this.journalPath) ? Math.floor(readFileSync(this.journalPath).length / 8) : 0;
  }

  async acknowledged(count: number): Promise<void> {
    await until(
      `${count} acknowledged writes`,
      () => this.acknowledgedCount(),
      (seen) => seen >= count,
    );
  }

  /** Waits for the end of the load; returns its exit code. */
  async ended(): Promise<number | null> {
    if (this.process.exitCode === null) await new Promise((resolve) => this.process.once('exit', resolve));
    return this.process.exitCode;
  }

  /** Of every block that was acknowledged, what a disk lacks: neither that write nor a later one is there. */
  lostOn(diskPath: string): readonly string[] {
    const journal = readFileSync(this.journalPath);
    const blockCount = (this.range.lengthMib * MIB) / BLOCK_BYTES;
    const newest = new Map<number, bigint>();
    for (let at = 0; at + 8 <= journal.length; at += 8) {
      const sequence = journal.readBigUInt64BE(at);
      const block = Number(sequence % BigInt(blockCount));
      if (sequence >= (newest.get(block) ?? 0n)) newest.set(block, sequence);
    }
    const lost: string[] = [];
    const disk = openSync(diskPath, 'r');
    const bytes = Buffer.alloc(BLOCK_BYTES);
    for (const [block, sequence] of newest) {
      readSync(disk, bytes, 0, BLOCK_BYTES, this.range.offsetMib * MIB + block * BLOCK_BYTES);
      const found = bytes.readBigUInt64BE(0);
      const whole = Buffer.concat(Array<Buffer>(BLOCK_BYTES / 8).fill(bytes.subarray(0, 8))).equals(bytes);
      if (!whole || found < sequence || found % BigInt(blockCount) !== BigInt(block)) {
        lost.push(`block ${block}: write ${sequence} was acknowledged, found ${found}`);
      }
    }
    closeSync(disk);
    return lost;
  }
}

/** Writers of the guest; each has its own blocks and its own record on a second disk, written after the acknowledgement. */
const WRITER_COUNT = 4;
const WRITER_BLOCKS = 256;

export class KernelLoad {
  private constructor(
    private readonly kernel: KernelNode,
    private readonly recordDiskPath: string,
  ) {}

  /** Runs until the guest loses its power or stop() is called. Its record is the guest's disk `recordDisk`. */
  static async start(kernel: KernelNode, recordDisk: number): Promise<KernelLoad> {
    const device = `/dev/vd${'abcdefgh'[recordDisk] ?? ''}`;
    for (let writer = 0; writer < WRITER_COUNT; writer++) {
      const offset = `$((${writer * WRITER_BLOCKS} + i % ${WRITER_BLOCKS}))`;
      await kernel.mustRun(
        `rm -f /run/stop; cat >/run/writer-${writer} <<'END'
i=1
while [ ! -e /run/stop ]; do
	printf '%-4095d\\n' $i | dd of=/dev/drbd0 bs=4k seek=${offset} oflag=direct iflag=fullblock conv=notrunc 2>/dev/null || exit 1
	printf '%-511d\\n' $i | dd of=${device} bs=512 seek=${writer} oflag=direct conv=notrunc 2>/dev/null
	i=$((i+1))
done
END
sh /run/writer-${writer} >/dev/null 2>&1 &`,
      );
    }
    return new KernelLoad(kernel, kernel.guest.diskPath(recordDisk));
  }

  /** The newest acknowledged write of each writer. */
  acknowledged(): readonly number[] {
    const record = readFileSync(this.recordDiskPath);
    return [...Array(WRITER_COUNT).keys()].map((writer) =>
      Number(record.toString('latin1', writer * 512, writer * 512 + 511).replaceAll('\0', '') || 0),
    );
  }

  async allAcknowledged(count: number): Promise<void> {
    await until(
      `${count} acknowledged writes of each writer`,
      () => this.acknowledged(),
      (seen) => seen.every((newest) => newest >= count),
    );
  }

  async stop(): Promise<void> {
    await this.kernel.mustRun('touch /run/stop');
    await until(
      'the writers end',
      () => this.kernel.mustRun('ps | grep -c "[w]riter-" || true'),
      (text) => text.trim() === '0',
    );
  }

  /** As OurLoad.lostOn. */
  lostOn(diskPath: string): readonly string[] {
    const disk = readFileSync(diskPath);
    const lost: string[] = [];
    this.acknowledged().forEach((newest, writer) => {
      // The last round of every block of this writer.
      for (let sequence = Math.max(1, newest - WRITER_BLOCKS + 1); sequence <= newest; sequence++) {
        const block = writer * WRITER_BLOCKS + (sequence % WRITER_BLOCKS);
        const text = disk.toString('latin1', block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
        const found = Number(text);
        const whole = text === `${String(found).padEnd(BLOCK_BYTES - 1)}\n`;
        if (!whole || !(found >= sequence) || found % WRITER_BLOCKS !== sequence % WRITER_BLOCKS) {
          lost.push(`writer ${writer}, block ${block}: write ${sequence} was acknowledged, found ${found}`);
        }
      }
    });
    return lost;
  }
}
