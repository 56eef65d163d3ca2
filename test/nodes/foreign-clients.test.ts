/** NBD clients that nobody here wrote, against the device of two nodes that replicate. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pair } from './support/pair';
import { run, succeeds, testWith } from './support/programs';

const MIB = 1024 * 1024;
let pair: Pair;

beforeAll(async () => {
  pair = await Pair.running({ diskMib: 64 });
});
afterAll(() => pair.end());

const file = (name: string): string => join(pair.directory, name);

testWith('nbdinfo')('nbdinfo sees the device with its size and abilities, and a Secondary refuses it', async () => {
  const { exports } = JSON.parse(await succeeds('nbdinfo', ['--json', pair.alice.uri])) as {
    exports: Record<string, unknown>[];
  };
  const size = (await pair.alice.state())?.resources[0]?.devices[0]?.statistics.sizeSectors ?? 0;
  expect(size).toBeGreaterThan(60 * 2048);
  expect(exports[0]).toMatchObject({
    'export-size': size * 512,
    is_read_only: false,
    can_flush: true,
    can_fua: true,
    can_trim: true,
    can_zero: true,
    can_multi_conn: true,
  });

  expect((await run('nbdinfo', [pair.bob.uri])).code).not.toBe(0);
});

testWith('qemu-img')('a Secondary that cannot be promoted says why', async () => {
  const refused = await run('qemu-img', ['info', pair.bob.uri]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('r0/0 is Secondary on this node, and auto-promote failed: (-1) Multiple primaries');
});

testWith('nbdcopy')('nbdcopy in, and out again', async () => {
  writeFileSync(file('in'), randomBytes(16 * MIB));
  await succeeds('nbdcopy', ['--flush', file('in'), pair.alice.uri]);
  await succeeds('nbdcopy', [pair.alice.uri, file('out')]);
  expect(
    readFileSync(file('out'))
      .subarray(0, 16 * MIB)
      .equals(readFileSync(file('in'))),
  ).toBe(true);
});

testWith('qemu-img')('qemu-img converts an image onto the device and finds it equal', async () => {
  const size = Number(await succeeds('nbdinfo', ['--size', pair.alice.uri]));
  const image = Buffer.alloc(size);
  randomBytes(8 * MIB).copy(image, 3 * MIB);
  writeFileSync(file('image'), image);
  await succeeds('qemu-img', ['convert', '-n', '-f', 'raw', '-O', 'raw', file('image'), pair.alice.uri]);
  expect(await succeeds('qemu-img', ['compare', '-f', 'raw', '-F', 'raw', file('image'), pair.alice.uri])).toContain(
    'Images are identical',
  );
});

testWith('qemu-io')('qemu-io: FUA, write zeroes with and without unmap, discard, flush, odd sizes', async () => {
  const commands = [
    'write -f -P 0x5a 0 1M',
    'read -P 0x5a 0 1M',
    'write -z 64k 128k',
    'read -P 0 64k 128k',
    'read -P 0x5a 192k 64k',
    'write -z -u 512k 256k',
    'read -P 0 512k 256k',
    'discard 768k 256k',
    'write -P 0xa5 4608 7168',
    'read -P 0xa5 4608 7168',
    'read -P 0x5a 0 4608',
    'write -P 0x33 48M 2M',
    'flush',
    'read -P 0x33 48M 2M',
  ];
  const output = await succeeds('qemu-io', [
    '-f',
    'raw',
    '-n',
    ...commands.flatMap((each) => ['-c', each]),
    pair.alice.uri,
  ]);
  expect(output).not.toMatch(/failed|error/i);
  expect(output.match(/bytes at offset/g)).toHaveLength(commands.length - 1);
});

testWith('fio')('fio writes at random with a checksum in every block, and verifies', async () => {
  const job =
    '--rw=randwrite --bsrange=512-64k --iodepth=32 --size=48M --io_size=24M ' +
    '--verify=crc32c --verify_fatal=1 --do_verify=1 --fsync=64 --randrepeat=0';
  const argv = ['--name=verify', '--ioengine=nbd', `--uri=${pair.alice.uri}`, ...job.split(' ')];
  await succeeds('fio', argv, { cwd: pair.directory });
});

test('after all of it the two disks hold the same data', async () => {
  const { comparedBytes, firstDifference } = await pair.downAndCompare();
  expect(comparedBytes).toBeGreaterThan(60 * MIB);
  expect(firstDifference).toBeNull();
  // Both are empty files where nothing was written: something must have been.
  expect(
    readFileSync(pair.bob.diskPath)
      .subarray(48 * MIB, 50 * MIB)
      .equals(Buffer.alloc(2 * MIB, 0)),
  ).toBe(false);
  for (const node of pair.nodes) expect(node.log()).not.toMatch(/"level":[56]0/);
});
