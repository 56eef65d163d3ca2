#!/usr/bin/env node
/**
 * Writes numbered 4 KiB blocks to an NBD export until its server goes away, and keeps a journal of what was acknowledged;
 * later reads the blocks from another node and checks that each holds what was acknowledged, or something newer.
 * A small NBD client of its own, so that a write is in the journal only after its reply was read.
 *
 * usage: block-writer.mjs write SOCKET JOURNAL --offset-mib N --length-mib N [--count N]
 *        block-writer.mjs check SOCKET JOURNAL --offset-mib N --length-mib N
 *
 * The journal: 8 bytes per acknowledged write, its sequence number, big-endian, in the order of the replies.
 */
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const BLOCK_BYTES = 4096;
const MIB = 1024 * 1024;
const DEPTH = 16;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'offset-mib': { type: 'string' },
    'length-mib': { type: 'string' },
    count: { type: 'string', default: 'Infinity' },
    help: { type: 'boolean' },
  },
});
const [action, socketPath, journalPath] = positionals;
const offsetBytes = Number(values['offset-mib']) * MIB;
const blockCount = (Number(values['length-mib']) * MIB) / BLOCK_BYTES;
if (
  values.help ||
  !['write', 'check'].includes(action) ||
  !journalPath ||
  !(offsetBytes >= 0) ||
  !(blockCount > DEPTH)
) {
  console.error(
    'usage: block-writer.mjs write|check SOCKET JOURNAL --offset-mib N --length-mib N [--count N]   (N MiB: whole numbers)',
  );
  process.exit(values.help ? 0 : 2);
}

/** Bytes of a socket, asked for by number; null at its end. */
class Stream {
  #chunks = [];
  #length = 0;
  #ended = false;
  #wake = () => undefined;

  constructor(socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake();
    });
    const end = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('error', end);
    socket.on('close', end);
  }

  async read(bytes) {
    while (this.#length < bytes) {
      if (this.#ended) return null;
      await new Promise((resolve) => (this.#wake = resolve));
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    this.#length -= bytes;
    return all.subarray(0, bytes);
  }
}

/** Fixed newstyle, NBD_OPT_EXPORT_NAME of the default export, simple replies. */
async function open(path) {
  const socket = connect(path);
  await once(socket, 'connect');
  const stream = new Stream(socket);
  const greeting = await stream.read(18);
  if (greeting?.toString('latin1', 0, 8) !== 'NBDMAGIC') throw new Error(`${path}: no NBD server`);
  const hello = Buffer.alloc(4 + 16);
  hello.writeUInt32BE(0b11, 0); // fixed newstyle, no zeroes
  hello.write('IHAVEOPT', 4, 'latin1');
  hello.writeUInt32BE(1, 12);
  socket.write(hello);
  if ((await stream.read(10)) === null) throw new Error(`${path}: the export is refused`);
  return stream;
}

function request(type, cookie, offset, bytes) {
  const header = Buffer.alloc(28);
  header.writeUInt32BE(0x25609513, 0);
  header.writeUInt16BE(type, 6);
  header.writeBigUInt64BE(BigInt(cookie), 8);
  header.writeBigUInt64BE(BigInt(offset), 16);
  header.writeUInt32BE(bytes, 24);
  return header;
}

const offsetOf = (sequence) => offsetBytes + (sequence % blockCount) * BLOCK_BYTES;

async function write() {
  const stream = await open(socketPath);
  const journal = openSync(journalPath, 'w');
  const count = Number(values.count);
  let next = 0;
  let acknowledged = 0;
  const send = () => {
    if (next >= count) return;
    const block = Buffer.alloc(BLOCK_BYTES);
    for (let at = 0; at < BLOCK_BYTES; at += 8) block.writeBigUInt64BE(BigInt(next), at);
    stream.socket.write(Buffer.concat([request(1, next, offsetOf(next), BLOCK_BYTES), block]));
    next += 1;
  };
  while (next < Math.min(DEPTH, count)) send();
  while (acknowledged < count) {
    const reply = await stream.read(16);
    if (reply === null) break;
    if (reply.readUInt32BE(4) !== 0) throw new Error(`a write failed: NBD error ${reply.readUInt32BE(4)}`);
    writeSync(journal, reply.subarray(8, 16));
    acknowledged += 1;
    send();
  }
  closeSync(journal);
  stream.socket.destroy();
  const why = acknowledged < count ? `, then the server was gone with ${next - acknowledged} on their way` : '';
  console.log(`  ${acknowledged} writes of 4 KiB acknowledged${why}`);
  if (acknowledged < count && Number.isFinite(count)) process.exit(1);
}

async function check() {
  const journal = readFileSync(journalPath);
  const newest = new Map();
  for (let at = 0; at < journal.length; at += 8) {
    const sequence = Number(journal.readBigUInt64BE(at));
    newest.set(sequence % blockCount, Math.max(sequence, newest.get(sequence % blockCount) ?? 0));
  }
  if (newest.size === 0) throw new Error('the journal is empty');
  const stream = await open(socketPath);
  for (const sequence of newest.values()) {
    stream.socket.write(request(0, sequence, offsetOf(sequence), BLOCK_BYTES));
    const reply = await stream.read(16);
    const block = reply && reply.readUInt32BE(4) === 0 ? await stream.read(BLOCK_BYTES) : null;
    if (!block) throw new Error(`byte ${offsetOf(sequence)} cannot be read`);
    const found = block.readBigUInt64BE(0);
    const whole = Buffer.concat(Array(BLOCK_BYTES / 8).fill(block.subarray(0, 8))).equals(block);
    if (!whole || found < BigInt(sequence) || Number(found) % blockCount !== sequence % blockCount)
      throw new Error(`byte ${offsetOf(sequence)}: write ${sequence} was acknowledged, found ${found}`);
  }
  stream.socket.destroy();
  console.log(`all ${journal.length / 8} acknowledged writes are there (${newest.size} blocks read and compared)`);
}

try {
  await (action === 'write' ? write() : check());
} catch (error) {
  console.error(`block-writer: ${error.message}`);
  process.exit(1);
}
