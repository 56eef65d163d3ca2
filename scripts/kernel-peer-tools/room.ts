/**
 * A network of its own with a directory: the guest's network card is tap0 in a namespace, everything of tsdrbd runs in
 * there too. Whatever happens to the owner, its processes, namespace and directory go with it (end-room.sh).
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environment, mustRun, run, type Ran, type RunOptions } from './shell';

/** The node of the kernel, and tsdrbd's. */
export const GUEST_ADDRESS = '10.9.0.1';
export const HOST_ADDRESS = '10.9.0.2';
const PREFIX_BITS = 24;
const TAP = 'tap0';
const END_ROOM = join(__dirname, 'end-room.sh');

export class Room {
  private reaper: ChildProcess | null = null;

  private constructor(
    readonly namespace: string,
    readonly directory: string,
  ) {}

  /** A room that exists already, or will: by its name only. */
  static named(name: string): Room {
    return new Room(`tsdrbd-kp-${name}`, join(tmpdir(), `tsdrbd-kernel-peer-${name}`));
  }

  /** `ends`: with this process, or when somebody calls end(). Throws when a room of this name exists. */
  static async create(name: string, ends: 'with-this-process' | 'when-told'): Promise<Room> {
    const room = Room.named(name);
    mkdirSync(room.directory, { mode: 0o700 });
    if (ends === 'with-this-process') room.startReaper();
    try {
      await mustRun(['ip', 'netns', 'add', room.namespace]);
      await room.mustRun(['ip', 'link', 'set', 'lo', 'up']);
      await room.mustRun(['ip', 'tuntap', 'add', TAP, 'mode', 'tap']);
      await room.mustRun(['ip', 'addr', 'add', `${HOST_ADDRESS}/${PREFIX_BITS}`, 'dev', TAP]);
      await room.mustRun(['ip', 'link', 'set', TAP, 'up']);
    } catch (error) {
      await room.end();
      throw error;
    }
    return room;
  }

  /** For qemu: the guest's network card. */
  get tap(): string {
    return TAP;
  }

  guestAddress(): string {
    return `${GUEST_ADDRESS}/${PREFIX_BITS}`;
  }

  words(words: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.namespace, ...words];
  }

  run(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return run(this.words(words), options);
  }

  mustRun(words: readonly string[], options: RunOptions = {}): Promise<string> {
    return mustRun(this.words(words), options);
  }

  /** The wire is cut: packets are lost silently, and neither side is told. */
  async cutLink(): Promise<void> {
    await this.mustRun(['ip', 'link', 'set', TAP, 'down']);
  }

  async healLink(): Promise<void> {
    await this.mustRun(['ip', 'link', 'set', TAP, 'up']);
  }

  /** Ends all processes of the room and removes it. Safe to call twice. */
  async end(): Promise<void> {
    const reaper = this.reaper ?? this.spawnReaper();
    this.reaper = null;
    if (reaper.exitCode !== null || reaper.signalCode !== null) return;
    const ended = new Promise((resolve) => reaper.once('exit', resolve));
    reaper.ref();
    reaper.stdin?.end();
    await ended;
  }

  private startReaper(): void {
    this.reaper = this.spawnReaper();
    this.reaper.unref();
  }

  private spawnReaper(): ChildProcess {
    // In a session of its own: Ctrl-C at the terminal must not end it.
    return spawn('/bin/sh', [END_ROOM, this.namespace, this.directory], {
      detached: true,
      cwd: '/',
      env: environment(),
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }
}
