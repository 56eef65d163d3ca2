/** The commands that the stories type, carried out on simulated nodes in simulated time. */
import { createHash } from 'node:crypto';
import { replyText } from '../../src/control/schema/reply-codes';
import {
  ERR,
  demote,
  detach,
  invalidate,
  invalidateRemote,
  newCurrentUuid,
  outdate,
  promote,
  resize,
  setPause,
  startVerify,
  type Device,
  type OptionValues,
} from '../../src/core';
import { applyAl } from '../../src/sim/prepare-disk';
import type { SimClock } from '../../src/sim/clock';
import { Role, StateResult as SS, conns, disks, roles } from '../../src/wire';
import { optionValue } from './story-conf';
import { isSuccess, type StoryNode } from './story-node';

export interface Outcome {
  readonly exitCode: number;
  /** `(-2) Need access to UpToDate data`; null: not refused. */
  readonly refusal: string | null;
  /** What a reader of the transcript would compare; null: nothing of interest. */
  readonly output: readonly string[] | null;
}

/** Typed, but no business of the engine's: files, the kernel's own tools, what drbdadm and drbdmeta say by themselves. */
export const NOT_OURS = 'not ours';

const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
const COMMAND_MS_MAX = 60_000;
const DONE: Outcome = { exitCode: 0, refusal: null, output: null };

export class Shell {
  /** Keeps writing until the node dies or is told to stop. */
  private load: { stop: boolean } | null = null;

  constructor(
    private readonly node: StoryNode,
    private readonly clock: SimClock,
    private readonly freshConf: string,
  ) {}

  run(line: string): Outcome | typeof NOT_OURS {
    if (line.includes('/tmp/back')) return this.backingFile(line);
    const loop = /^for k in ([\d ]+); do (.*); done$/.exec(line);
    if (loop !== null) {
      for (const k of (loop[1] ?? '').split(' ')) this.run((loop[2] ?? '').replaceAll('$k', k));
      return DONE;
    }
    if (/^\( i=0; while .*of=\/dev\/drbd0/.test(line)) return this.startLoad();
    if (line.startsWith('sed -i ')) return this.sed(line);
    if (line.startsWith('cp ') && line.includes('/etc/drbd.conf')) {
      this.node.confText = this.freshConf;
      return DONE;
    }
    if (line.includes(' && ')) {
      let last: Outcome | typeof NOT_OURS = DONE;
      for (const part of line.split(' && ')) {
        last = this.run(part);
        if (last === NOT_OURS || last.exitCode !== 0) break;
      }
      return last;
    }
    if (line.startsWith('dd ')) return this.dd(line);
    if (line.startsWith('blockdev --getsize64 /dev/drbd')) return this.size(Number(line.slice(-1)));
    const words = line.split(/\s+/).filter((word) => word !== '--');
    if (words[0] === 'drbdadm') return this.adm(words.slice(1));
    if (words[0] === 'drbdsetup') return this.setup(words.slice(1));
    return NOT_OURS;
  }

  // ---- drbdadm and drbdsetup ----

  private adm(words: readonly string[]): Outcome | typeof NOT_OURS {
    const options = words.filter((word) => word.startsWith('-'));
    const [command, target = ''] = words.filter((word) => !word.startsWith('-'));
    const has = (option: string): boolean => options.includes(option);
    if (has('-d')) return NOT_OURS;
    const { node } = this;
    const { conf } = node;
    const volume = Number(/\/(\d+)$/.exec(target)?.[1] ?? -1);
    const volumes = conf.volumes.filter((one) => volume === -1 || one.volume === volume);
    /** The first volume that refuses ends the command. */
    const each = (act: (device: Device, done: (code: number) => void) => void): Outcome => {
      for (const { minor } of volumes) {
        const outcome = this.call((done) => {
          const device = node.device(minor);
          if (device === null) done(127);
          else act(device, done);
        });
        if (outcome.exitCode !== 0) return outcome;
      }
      return DONE;
    };
    const peerDeviceOf = (device: Device) => device.peerDevices[0];
    switch (command) {
      case 'create-md':
        node.createMd();
        return DONE;
      case 'up':
        return this.call((done) => node.up(done));
      case 'down':
        return this.call((done) => node.down(done));
      case 'attach': {
        for (const one of volumes) {
          const device = node.device(one.minor);
          // drbdmeta refuses to apply the activity log of an attached disk.
          if (device !== null && device.disk !== null) return NOT_OURS;
          const outcome = this.call((done) => node.attach(one, done));
          if (outcome.exitCode !== 0) return outcome;
        }
        return DONE;
      }
      case 'detach':
        return each((device, done) => detach(device, 'graceful', done));
      case 'primary':
        return this.primary(has('--force') ? 'forced' : 'plain');
      case 'secondary':
        return this.secondary();
      case 'connect':
        return this.call((done) => done(node.connect({ discardMyData: has('--discard-my-data') })));
      case 'disconnect':
        return this.call((done) => node.disconnect(has('--force') ? 'forced' : 'graceful', done));
      case 'invalidate':
        return each((device, done) => invalidate(device, done));
      case 'invalidate-remote':
        return each((device, done) => {
          const peerDevice = peerDeviceOf(device);
          if (peerDevice === undefined) done(SS.SS_NEED_CONNECTION);
          else invalidateRemote(peerDevice, done);
        });
      case 'outdate':
        return each((device, done) => done(outdate(device)));
      case 'pause-sync':
      case 'resume-sync':
        return each((device, done) => {
          const peerDevice = peerDeviceOf(device);
          done(peerDevice === undefined ? ERR.ERR_PAUSE_IS_CLEAR : setPause(peerDevice, command === 'pause-sync'));
        });
      case 'new-current-uuid':
        return each((device, done) =>
          newCurrentUuid(device, has('--clear-bitmap') ? 'clear-bitmap' : 'keep-bitmap', done),
        );
      case 'disk-options':
        return each((device, done) => {
          node.setDiskOptions(device, optionsOf(options));
          done(ERR.NO_ERROR);
        });
      case 'verify':
        if (has('--start')) return NOT_OURS;
        return each((device, done) => {
          const peerDevice = peerDeviceOf(device);
          if (peerDevice === undefined) done(SS.SS_NEED_CONNECTION);
          else startVerify(peerDevice, {}, done);
        });
      case 'resize':
        return each((device, done) => {
          const { size } = optionsOf(options);
          const request = {
            ...(typeof size === 'number' ? { sizeSectors: size } : {}),
            assumeClean: has('--assume-clean'),
          };
          resize(device, request, done);
        });
      case 'apply-al':
        for (const { disk } of volumes) applyAl(node.disk(disk));
        return DONE;
      case 'role':
      case 'cstate':
      case 'dstate':
        return { ...DONE, output: [this.one(command)] };
      default:
        return NOT_OURS;
    }
  }

  private setup(words: readonly string[]): Outcome | typeof NOT_OURS {
    const { node } = this;
    switch (words[0]) {
      case 'primary':
        return this.primary('plain');
      case 'secondary':
        return this.secondary();
      case 'new-resource':
        node.newResource();
        return DONE;
      case 'new-minor':
        node.newMinor({ minor: Number(words[2]), volume: Number(words[3]) });
        return DONE;
      default:
        return NOT_OURS;
    }
  }

  private primary(mode: 'plain' | 'forced'): Outcome {
    const { resource } = this.node;
    return this.call((done) => (resource === null ? done(158) : promote(resource, mode, done)));
  }

  private secondary(): Outcome {
    const { resource } = this.node;
    return this.call((done) => (resource === null ? done(158) : demote(resource, 'plain', done)));
  }

  private one(command: 'role' | 'cstate' | 'dstate'): string {
    const { resource, connection } = this.node;
    const [device] = resource?.devices.values() ?? [];
    const peerDevice = device?.peerDevices[0];
    if (command === 'role') return `${roles.name(resource?.role ?? 0)}/${roles.name(connection?.peerRole ?? 0)}`;
    if (command === 'cstate') return conns.name(peerDevice?.conn ?? 0);
    return `${disks.name(device?.diskState ?? 0)}/${disks.name(peerDevice?.pdsk ?? 6)}`;
  }

  /** Runs the simulation until the command is answered. */
  private call(start: (done: (code: number) => void) => void): Outcome {
    const code = this.wait<number>(start);
    if (isSuccess(code)) return DONE;
    return { exitCode: exitCodeOf(code), refusal: `(${code}) ${(replyText(code) ?? '').trim()}`, output: null };
  }

  private wait<T>(start: (done: (result: T) => void) => void): T {
    let result: { value: T } | null = null;
    const isDone = (): boolean => result !== null;
    start((value) => (result ??= { value }));
    this.clock.run(this.clock.nowMs() + COMMAND_MS_MAX, isDone);
    if (result === null) throw new Error('the command hangs');
    return (result as { value: T }).value;
  }

  // ---- applications ----

  private dd(line: string): Outcome | typeof NOT_OURS {
    const word = (name: string): string | null => new RegExp(`\\b${name}=(\\S+)`).exec(line)?.[1] ?? null;
    const from = word('if') ?? '';
    const blockBytes = sizeOf(word('bs') ?? '512');
    const lengthBytes = blockBytes * Number(word('count') ?? 1);
    if (line.includes('| sha256sum')) {
      const bytes = this.content(from, blockBytes * Number(word('skip') ?? 0), lengthBytes);
      const hash = createHash('sha256').update(bytes).digest('hex');
      return { ...DONE, output: [`${hash}  -`] };
    }
    const to = word('of') ?? '';
    const atBytes = blockBytes * Number(word('seek') ?? 0);
    const raw = /^\/dev\/(vd[ab])$/.exec(to)?.[1];
    if (raw !== undefined) {
      this.node.disk(raw).poke(atBytes, this.content(from, 0, lengthBytes));
      return DONE;
    }
    const minor = /^\/dev\/drbd(\d+)$/.exec(to)?.[1];
    if (minor === undefined) {
      const isRead = this.open(from, 'read-only', (device) => this.read(device, 0, lengthBytes));
      return isRead === null ? { ...DONE, exitCode: 1 } : DONE;
    }
    const written = this.open(to, 'read-write', (device) => {
      const stepBytes = Math.max(blockBytes, PAGE_BYTES);
      for (let at = atBytes - (atBytes % PAGE_BYTES); at < atBytes + lengthBytes; at += stepBytes) {
        const page = blockBytes < PAGE_BYTES ? this.read(device, at, PAGE_BYTES) : new Uint8Array(stepBytes);
        // Smaller than a page: the page cache reads it, changes it, writes it back.
        const begin = Math.max(at, atBytes);
        const end = Math.min(at + stepBytes, atBytes + lengthBytes);
        page.set(this.content(from, 0, end - begin), begin - at);
        const error = this.wait<string | null>((done) =>
          device.writes.submit('write', at / SECTOR_BYTES, [page], page.length, done),
        );
        if (error !== null) throw new Error(`write: ${error}`);
      }
      if (line.includes('fsync')) this.wait<string | null>((done) => device.flush(done));
      return true;
    });
    return written === null ? { ...DONE, exitCode: 1 } : DONE;
  }

  /** Null: a Secondary lets nobody in. */
  private open<T>(path: string, mode: 'read-only' | 'read-write', use: (device: Device) => T): T | null {
    const device = this.node.device(Number(path.slice(-1)));
    if (device === null || device.resource.role !== Role.Primary) return null;
    const close = hold(device, mode);
    const result = use(device);
    close();
    return result;
  }

  private read(device: Device, atBytes: number, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    const error = this.wait<string | null>((done) => device.reads.submit(atBytes / SECTOR_BYTES, bytes, done));
    if (error !== null) throw new Error(`read: ${error}`);
    return bytes;
  }

  private content(path: string, atBytes: number, lengthBytes: number): Uint8Array {
    const letter = /^\/pat\/([A-H])$/.exec(path)?.[1];
    if (letter !== undefined) return new Uint8Array(lengthBytes).fill(letter.charCodeAt(0));
    const raw = /^\/dev\/(vd[ab])$/.exec(path)?.[1];
    if (raw !== undefined) return this.node.disk(raw).peek(atBytes, lengthBytes);
    return this.open(path, 'read-only', (device) => this.read(device, atBytes, lengthBytes)) ?? new Uint8Array(0);
  }

  /** One write after the other, as `dd` in a shell loop: each takes the time that a process takes to start. */
  startLoad(): Outcome {
    const load = { stop: false };
    this.load = load;
    let i = 0;
    const next = (): void => {
      if (load.stop) return;
      const device = this.node.device(0);
      if (device === null) return;
      const block = (i++ * 37) % 1000;
      const page = new Uint8Array(PAGE_BYTES).fill('C'.charCodeAt(0));
      device.writes.submit('write', block * 8, [page], PAGE_BYTES, () => void this.clock.schedule(15, next));
    };
    next();
    return DONE;
  }

  stopLoad(): void {
    if (this.load !== null) this.load.stop = true;
    this.load = null;
  }

  /** Somebody keeps the device open, until the returned function is called. */
  holdOpen(minor: number): () => void {
    const device = this.node.device(minor);
    if (device === null) throw new Error(`no minor ${minor}`);
    return hold(device, 'read-write');
  }

  private size(minor: number): Outcome {
    const device = this.node.device(minor);
    if (device?.resource.role !== Role.Primary) return { ...DONE, exitCode: 1 };
    return { ...DONE, output: [String(device.sizeSectors * 512)] };
  }

  // ---- files ----

  private sed(line: string): Outcome {
    const [, from = '', to = ''] = /s\/([^/]*)\/([^/]*)\//.exec(line) ?? [];
    this.node.confText = this.node.confText.replace(new RegExp(from), to);
    return DONE;
  }

  /** The backing file of the resize story: made, or grown under its loop device. */
  private backingFile(line: string): Outcome | typeof NOT_OURS {
    const megabytes = Number(/(?:seek|count)=([1-9]\d*)/.exec(line)?.[1] ?? 0);
    const sizeBytes = megabytes * 1024 * 1024;
    const disk = this.node.disks.get('loop0');
    if (disk === undefined) this.node.addDisk('loop0', sizeBytes);
    else disk.grow(sizeBytes);
    return NOT_OURS;
  }
}

function hold(device: Device, mode: 'read-only' | 'read-write'): () => void {
  const openers = mode === 'read-write' ? 'writeOpeners' : 'readOpeners';
  device[openers]++;
  return () => void device[openers]--;
}

/** Source: setup.md 3.4. */
function exitCodeOf(code: number): number {
  if (code > 0) return 10;
  return code === SS.SS_NO_UP_TO_DATE_DISK ? 17 : 11;
}

function sizeOf(text: string): number {
  return Number.parseInt(text, 10) * (text.endsWith('k') ? 1024 : 1);
}

function optionsOf(words: readonly string[]): OptionValues {
  return Object.fromEntries(
    words.map((word) => {
      const [name = '', value] = word.replace(/^--/, '').split('=');
      return [name, optionValue(name, value)];
    }),
  );
}
