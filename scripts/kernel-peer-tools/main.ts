/** scripts/kernel-peer: the kernel peer by hand. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { GUEST_NAME, HOST_NAME, RESOURCE, drbdConfig } from './drbd-config';
import { Guest } from './guest';
import { guestImage } from './guest-image';
import { missingForKernelPeer } from './requirements';
import { Room } from './room';
import { TsdrbdNode } from './tsdrbd-node';

const USAGE = `usage: scripts/kernel-peer COMMAND [--name NAME] ...

A virtual machine with Debian's kernel and its DRBD 8.4.11, on a network of its own: node ${GUEST_NAME}.
tsdrbd is the other node there: ${HOST_NAME}. Both have a resource ${RESOURCE}. See docs/kernel-peer.md.

  boot [--keep] [--disks N] [--disk-mib N]
                    boots the machine, and ends it at Ctrl-C; --keep: comes back, and the machine stays until stop
  run COMMAND       runs a shell command in the machine; its output and exit code are the command's
  here WORD...      runs a command on this host, in the machine's network and as the node ${HOST_NAME}
  shell             the machine's console; Ctrl-] leaves it
  cut, heal         cuts the network between the two, and joins it again
  power-cut         the machine is gone; boot it again by hand with: scripts/kernel-peer power-on
  power-on          boots it again with the disks that it had
  stop              ends the machine, everything in its network, and removes its files
  build [--fresh]   fetches Debian's packages and builds the machine's files, which boot does by itself

  --name NAME       tells several machines apart (default: peer)`;

const MIB = 1024 * 1024;
const MAX_DISK_MIB = 1024 * 1024;
const DISK_LETTERS = 'abcdefgh';

async function main(): Promise<number> {
  // What follows `here` belongs to the command that is run.
  const words = process.argv.slice(2);
  const ownWords = words.indexOf('here') === -1 ? words : words.slice(0, words.indexOf('here') + 1);
  const { values, positionals } = parseArgs({
    args: ownWords,
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'peer' },
      keep: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      disks: { type: 'string', default: '1' },
      'disk-mib': { type: 'string', default: '64' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, ...rest] = positionals;
  if (values.help || command === undefined) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const missing = missingForKernelPeer();
  if (missing.length > 0) throw new Error(`not possible on this machine, which lacks: ${missing.join('; ')}`);

  const room = Room.named(values.name);
  switch (command) {
    case 'build':
      await guestImage(values.fresh ? 'fresh' : 'cached');
      return 0;
    case 'boot':
      return boot(values.name, {
        diskCount: countOf(values.disks, DISK_LETTERS.length),
        diskSizeBytes: countOf(values['disk-mib'], MAX_DISK_MIB) * MIB,
        ends: values.keep ? 'when-told' : 'with-this-process',
      });
    case 'run':
      return runInGuest(booted(room), rest.join(' '));
    case 'here':
      return runHere(booted(room), words.slice(ownWords.length));
    case 'shell':
      return shell(new Guest(booted(room)));
    case 'cut':
      await booted(room).cutLink();
      return 0;
    case 'heal':
      await booted(room).healLink();
      return 0;
    case 'power-cut':
      await new Guest(booted(room)).powerCut();
      return 0;
    case 'power-on':
      return powerOn(booted(room));
    case 'stop':
      await room.end();
      return 0;
    default:
      throw new Error(`no such command: ${command}\n${USAGE}`);
  }
}

interface BootOptions {
  readonly diskCount: number;
  readonly diskSizeBytes: number;
  readonly ends: 'with-this-process' | 'when-told';
}

async function boot(name: string, { diskCount, diskSizeBytes, ends }: BootOptions): Promise<number> {
  await guestImage();
  const room = await Room.create(name, ends);
  const interrupted = new Promise<number>((resolve) => {
    process.once('SIGINT', () => resolve(INTERRUPTED));
    process.once('SIGTERM', () => resolve(TERMINATED));
  });
  try {
    const guest = new Guest(room, { ends });
    const node = new TsdrbdNode(room, join(room.directory, 'drbd.conf'));
    const volumes = [...DISK_LETTERS.slice(0, diskCount)].map((letter, volume) => {
      guest.setDiskSize(volume, diskSizeBytes);
      node.setDiskSize(volume, diskSizeBytes);
      return { guest: `/dev/vd${letter}`, host: node.diskPath(volume) };
    });
    const config = drbdConfig({ volumes });
    writeFileSync(node.configPath, config);
    const code = await Promise.race([guest.boot().then(() => null), interrupted]);
    if (code !== null) return await ended(room, code);
    await guest.putFile('/etc/drbd.conf', config);
    guest.leave();
    const option = name === 'peer' ? '' : ` --name ${name}`;
    console.log(`booted; ${node.configPath} is its /etc/drbd.conf too. Try, in any terminal:`);
    for (const line of [
      `run${option} 'drbdadm create-md --force ${RESOURCE} && drbdadm up ${RESOURCE}'`,
      `here${option} tsdrbdadm create-md --force ${RESOURCE}`,
      `here${option} tsdrbdadm up ${RESOURCE}`,
      `run${option} 'cat /proc/drbd'`,
    ]) {
      console.log(`    scripts/kernel-peer ${line}`);
    }
    if (ends === 'when-told') {
      console.log(`and at the end: scripts/kernel-peer stop${option}`);
      return 0;
    }
    console.log('Ctrl-C ends it.');
    const endless = setInterval(() => undefined, 1 << 30);
    const signalCode = await interrupted;
    clearInterval(endless);
    return await ended(room, signalCode);
  } catch (error) {
    await room.end();
    throw error;
  }
}

const INTERRUPTED = 130;
const TERMINATED = 143;

async function ended(room: Room, code: number): Promise<number> {
  await room.end();
  return code;
}

async function runInGuest(room: Room, command: string): Promise<number> {
  const guest = new Guest(room);
  await guest.attach();
  const ran = await guest.run(command, LONGEST_COMMAND_MS);
  process.stdout.write(ran.stdout);
  process.stderr.write(ran.stderr);
  guest.leave();
  return ran.exitCode;
}

const LONGEST_COMMAND_MS = 24 * 60 * 60 * 1000;

async function runHere(room: Room, words: readonly string[]): Promise<number> {
  const node = new TsdrbdNode(room, join(room.directory, 'drbd.conf'));
  return node.execVisibly(words);
}

async function powerOn(room: Room): Promise<number> {
  const guest = new Guest(room, { ends: 'when-told' });
  if (guest.machinePid() !== null) throw new Error('the machine has power already');
  await guest.boot();
  await guest.putFile('/etc/drbd.conf', readFileSync(join(room.directory, 'drbd.conf'), 'utf8'));
  guest.leave();
  return 0;
}

/** The terminal as it is to the guest's serial console, until Ctrl-]. */
function shell(guest: Guest): Promise<number> {
  const console_ = connect(guest.consolePath);
  const { stdin, stdout } = process;
  return new Promise((resolve, reject) => {
    const leave = (code: number): void => {
      if (stdin.isTTY) stdin.setRawMode(false);
      stdin.pause();
      console_.destroy();
      resolve(code);
    };
    console_.on('connect', () => {
      if (stdin.isTTY) stdin.setRawMode(true);
      console_.write('\n');
    });
    console_.on('data', (bytes) => stdout.write(bytes));
    console_.on('error', reject);
    console_.on('close', () => leave(0));
    stdin.on('data', (bytes) => (bytes.includes(CTRL_BRACKET) ? leave(0) : console_.write(bytes)));
    stdin.on('end', () => leave(0));
  });
}

const CTRL_BRACKET = 0x1d;

function booted(room: Room): Room {
  if (!existsSync(room.directory)) throw new Error('no machine of this name is booted: scripts/kernel-peer boot');
  return room;
}

function countOf(text: string, max: number): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > max) throw new Error(`not a number from 1 to ${max}: ${text}`);
  return count;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`kernel-peer: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
