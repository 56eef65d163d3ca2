import type { Socket } from 'node:net';
import { encodeFirstPacket } from '../../wire';
import type { SocketKind } from '../../wire';
import type { Connector, ConnectorListener, ConnectorOptions } from '../link';
import { dial } from './dial';
import { firstDialled } from './first-dialled';
import { readFirstPacket } from './first-packet-reader';
import { FramedSocket } from './framed-socket';
import type { Expecting, SharedListener } from './shared-listener';
import { TcpLink } from './tcp-link';

/** Accepted connections that wait for their first packet to be read, as DRBD 8.4's backlog. Source: wire.md 1.5. */
const WAITING_MAX = 5;
/** A dialled socket that died at once must not make us dial without end. */
const REDIAL_MS_MIN = 1000;

/** Errors of the local end; anything else is a peer that is not there yet, which is no trouble. */
const LOCAL_TROUBLE: ReadonlySet<string> = new Set([
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EACCES',
  'EPERM',
  'EINVAL',
  'EAFNOSUPPORT',
]);

export interface ConnectorDependencies {
  readonly sharedListener: SharedListener;
  /** In [0, 1). */
  readonly random: () => number;
  /** Called when the listening port is given up. */
  readonly released: () => void;
}

/**
 * Dials and listens until a data and a meta socket exist and are alive. Source: wire.md 1.3, 1.4.
 *
 * Invariant: the newest connection of a kind wins over an own dialled one; `acceptedMeta` always describes the
 * meta socket in hand.
 */
export class TcpConnector implements Connector, Expecting {
  private run: ConnectorRun | null = null;
  private registered = false;
  private readonly lastTrouble = { listening: '', dialling: '' };
  private relisten: NodeJS.Timeout | null = null;

  constructor(
    private readonly options: ConnectorOptions,
    private readonly listener: ConnectorListener,
    private readonly dependencies: ConnectorDependencies,
  ) {}

  get peerHost(): string {
    return this.options.peerHost;
  }

  get looking(): boolean {
    return this.run !== null;
  }

  start(): void {
    if (this.run !== null) return;
    const run = new ConnectorRun(this.options, {
      random: this.dependencies.random,
      trouble: (error) => this.trouble('dialling', error),
      reached: () => void (this.lastTrouble.dialling = ''),
    });
    this.run = run;
    if (!this.registered) {
      this.registered = true;
      this.dependencies.sharedListener.add(this);
    }
    void run.link().then((link) => {
      if (link === null || this.run !== run) return link?.close();
      this.run = null;
      this.listener.linked(link);
    });
  }

  stop(): void {
    this.run?.cancel();
    this.run = null;
  }

  destroy(): void {
    this.stop();
    if (this.relisten !== null) clearTimeout(this.relisten);
    this.relisten = null;
    if (!this.registered) return;
    this.registered = false;
    this.dependencies.sharedListener.remove(this);
    this.dependencies.released();
  }

  incoming(socket: Socket): void {
    if (this.run === null) socket.destroy();
    else this.run.incoming(socket);
  }

  listening(error: { readonly code: string; readonly message: string } | null): void {
    if (error === null) {
      this.lastTrouble.listening = '';
      return;
    }
    this.trouble('listening', error);
    if (!this.registered || this.relisten !== null) return;
    this.relisten = setTimeout(() => {
      this.relisten = null;
      this.dependencies.sharedListener.open();
    }, this.options.connectIntMs);
  }

  /** Says it once per change: the attempts go on every connect-int. */
  private trouble(what: 'listening' | 'dialling', error: { readonly code: string; readonly message: string }): void {
    if (error.message === this.lastTrouble[what]) return;
    this.lastTrouble[what] = error.message;
    this.listener.trouble(error);
  }
}

interface RunDependencies {
  readonly random: () => number;
  readonly trouble: (error: { readonly code: string; readonly message: string }) => void;
  readonly reached: () => void;
}

/** One search for a link. */
class ConnectorRun {
  private data: FramedSocket | null = null;
  private meta: FramedSocket | null = null;
  private acceptedMeta = false;
  private cancelled = false;
  private waiting: Socket[] = [];
  private wake: (() => void) | null = null;
  private cancelDial: (() => void) | null = null;
  private endCheck: (() => void) | null = null;

  constructor(
    private readonly options: ConnectorOptions,
    private readonly dependencies: RunDependencies,
  ) {}

  incoming(socket: Socket): void {
    if (this.cancelled || this.waiting.length >= WAITING_MAX) {
      socket.destroy();
      return;
    }
    this.waiting.push(socket);
    this.wake?.();
  }

  cancel(): void {
    this.cancelled = true;
    this.cancelDial?.();
    this.endCheck?.();
    this.wake?.();
    this.dropAll();
  }

  /** `null` when cancelled. */
  async link(): Promise<TcpLink | null> {
    const first = firstDialled(this.options);
    let mode: 'dial' | 'accept' = 'dial';
    while (!this.cancelled) {
      if (mode === 'dial') await this.dialOnce(first);
      if (await this.complete()) break;
      mode = await this.acceptOne();
      if (await this.complete()) break;
    }
    if (this.cancelled || this.data === null || this.meta === null) {
      this.dropAll();
      return null;
    }
    for (const socket of this.waiting.splice(0)) socket.destroy();
    return new TcpLink(this.data, this.meta, this.acceptedMeta);
  }

  private async dialOnce(first: SocketKind): Promise<void> {
    const attempt = dial(this.options);
    this.cancelDial = attempt.cancel;
    const result = await attempt.result;
    this.cancelDial = null;
    if (result.kind === 'failed') {
      if (LOCAL_TROUBLE.has(result.code)) this.dependencies.trouble(result);
      return;
    }
    this.dependencies.reached();
    this.dropDead();
    const second: SocketKind = first === 'data' ? 'meta' : 'data';
    const kind = this.socketOf(first) === null ? first : this.socketOf(second) === null ? second : null;
    if (kind === null || this.cancelled) {
      result.socket.destroy();
      return;
    }
    result.socket.write(encodeFirstPacket(kind));
    this.use(kind, result.socket, 'dialled');
  }

  /** Waits for a connection of the peer. Returns how to go on: after a crossed connect a coin decides. */
  private async acceptOne(): Promise<'dial' | 'accept'> {
    if (this.waiting.length === 0) await this.untilIncoming();
    const socket = this.waiting.shift();
    if (socket === undefined || this.cancelled) {
      socket?.destroy();
      return 'dial';
    }
    const kind = await readFirstPacket(socket, 4 * this.options.pingTimeoutMs);
    if (kind === null || this.cancelled) {
      socket.destroy();
      return this.coin();
    }
    this.dropDead();
    const crossed = this.socketOf(kind) !== null;
    this.socketOf(kind)?.destroy();
    this.use(kind, socket, 'accepted');
    return crossed ? this.coin() : 'dial';
  }

  private coin(): 'dial' | 'accept' {
    return this.dependencies.random() < 0.5 ? 'accept' : 'dial';
  }

  /** connect-int plus or minus a seventh; a socket in hand that dies ends the wait early. */
  private untilIncoming(): Promise<void> {
    const seventh = this.options.connectIntMs / 7;
    const timeoutMs = this.options.connectIntMs + (this.dependencies.random() < 0.5 ? seventh : -seventh);
    return new Promise((resolve) => {
      let timer = setTimeout(() => this.wake?.(), timeoutMs);
      const startedMs = performance.now();
      const end = (): void => {
        clearTimeout(timer);
        this.wake = null;
        resolve();
      };
      this.wake = end;
      const died = (): void => {
        if (this.wake !== end) return;
        clearTimeout(timer);
        timer = setTimeout(end, Math.max(0, Math.min(REDIAL_MS_MIN, timeoutMs) - (performance.now() - startedMs)));
      };
      for (const socket of [this.data, this.meta]) {
        if (socket === null) continue;
        if (socket.alive) socket.onDeath(died);
        else died();
      }
    });
  }

  /** Both sockets exist and survive the alive check. Source: wire.md 1.3, step 3. */
  private async complete(): Promise<boolean> {
    if (this.cancelled || this.data === null || this.meta === null) return false;
    const pauseMs = this.options.sockCheckTimeoutMs || this.options.pingTimeoutMs;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, pauseMs);
      this.endCheck = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.endCheck = null;
    this.dropDead();
    return this.bothAlive();
  }

  private bothAlive(): boolean {
    return this.data !== null && this.meta !== null && this.data.alive && this.meta.alive;
  }

  private use(kind: SocketKind, socket: Socket, how: 'dialled' | 'accepted'): void {
    const framed = new FramedSocket(kind, socket);
    if (kind === 'data') this.data = framed;
    else {
      this.meta = framed;
      this.acceptedMeta = how === 'accepted';
    }
  }

  private socketOf(kind: SocketKind): FramedSocket | null {
    return kind === 'data' ? this.data : this.meta;
  }

  private dropDead(): void {
    if (this.data !== null && !this.data.alive) {
      this.data.destroy();
      this.data = null;
    }
    if (this.meta !== null && !this.meta.alive) {
      this.meta.destroy();
      this.meta = null;
    }
  }

  private dropAll(): void {
    this.data?.destroy();
    this.meta?.destroy();
    this.data = null;
    this.meta = null;
    for (const socket of this.waiting.splice(0)) socket.destroy();
  }
}
