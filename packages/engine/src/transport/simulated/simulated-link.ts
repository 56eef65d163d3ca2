import { hold, lentCopy, letGo, letGoPiece } from '../../payload';
import { Framer, PacketWriter } from '../../wire';
import type { Packet, PacketSink, ProtocolError, SocketKind } from '../../wire';
import { linkEndOf, type Link, type LinkListener } from '../link';

/** The simulator's clock: runs `action` when `delayMs` of simulated time have passed; equal times in call order. */
export interface Scheduler {
  readonly nowMs: () => number;
  readonly schedule: (delayMs: number, action: () => void) => void;
}

export type Direction = 'a-to-b' | 'b-to-a';

export interface SimulatedPairOptions {
  readonly scheduler: Scheduler;
  /** Time that a packet sent now takes. A later packet of the same socket never overtakes an earlier one. */
  readonly delayMs: (direction: Direction, socket: SocketKind) => number;
  /** `bytes` sends everything through the real encoder and framer; `values` is faster and proves less. */
  readonly through: 'bytes' | 'values';
  /** With `bytes`: length of the next chunk that the receiver sees; everything in one chunk when left out. */
  readonly chunkBytes?: () => number;
  /** Who accepted the meta socket, and so resolves conflicts. */
  readonly acceptedMeta: 'a' | 'b';
  readonly addresses?: { readonly a: string; readonly b: string };
}

export interface SimulatedPair {
  readonly a: Link;
  readonly b: Link;
  /** From now on nothing sent in this direction arrives, and nobody is told: a pulled cable. */
  cut(direction: Direction): void;
  /** Both ends learn that the connection broke, after `delayMs`; what is in flight is lost. */
  reset(delayMs: number): void;
}

/** As the TCP link's marks, small enough for a simulation to reach them. */
export const SIMULATED_UNSENT_HIGH_BYTES = 256 * 1024;
export const SIMULATED_UNSENT_LOW_BYTES = 64 * 1024;

export function simulatedPair(options: SimulatedPairOptions): SimulatedPair {
  const { a: addressA, b: addressB } = options.addresses ?? { a: 'a', b: 'b' };
  const a = new SimulatedLink(options, 'a-to-b', { local: addressA, peer: addressB });
  const b = new SimulatedLink(options, 'b-to-a', { local: addressB, peer: addressA });
  a.attach(b);
  b.attach(a);
  return {
    a,
    b,
    cut: (direction) => (direction === 'a-to-b' ? a : b).cut(),
    reset: (delayMs) => {
      a.cut();
      b.cut();
      options.scheduler.schedule(delayMs, () => {
        a.broken('NetworkFailure', 'connection reset');
        b.broken('NetworkFailure', 'connection reset');
      });
    },
  };
}

/** One direction of one socket, from this end's encoder to the other end's framer. */
class Channel implements PacketSink {
  private readonly writer: PacketWriter;
  private readonly framer: Framer;
  /** When the last packet sent is there: nothing sent later arrives earlier. */
  lastArrivalMs = 0;
  /** Packets that arrived before anybody listened. */
  private early: Packet[] = [];

  constructor(
    private readonly options: SimulatedPairOptions,
    private readonly direction: Direction,
    private readonly socket: SocketKind,
    private readonly receiver: SimulatedLink,
  ) {
    this.writer = new PacketWriter(socket);
    this.framer = new Framer(socket);
  }

  agreeSending(version: number, featureFlags: number): void {
    this.writer.agree(version, featureFlags);
  }

  agreeReceiving(version: number, featureFlags: number): void {
    this.framer.agree(version, featureFlags);
    if (!this.framer.held) return;
    // Not within this call: the receiver is in the middle of handling the features.
    this.options.scheduler.schedule(0, () => this.receiver.checked(this.framer.resume(this)));
  }

  setDigestBytes(digestBytes: number): void {
    this.framer.setDigestBytes(digestBytes);
  }

  /** `arrived` runs when the packet is there, or would be. */
  send(packet: Packet, arrived: (sizeBytes: number) => void): number {
    const { scheduler, delayMs, through } = this.options;
    this.writer.write(packet);
    const buffers = this.writer.take();
    const sizeBytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    const nowMs = scheduler.nowMs();
    this.lastArrivalMs = Math.max(this.lastArrivalMs, nowMs + delayMs(this.direction, this.socket));
    scheduler.schedule(this.lastArrivalMs - nowMs, () => {
      arrived(sizeBytes);
      if (!this.receiver.deaf) {
        if (through === 'values') this.packet(packet);
        else for (const buffer of buffers) this.chunks(buffer);
      }
      letGo(buffers);
    });
    return sizeBytes;
  }

  packet(packet: Packet): void {
    if (this.receiver.listening) this.receiver.packet(this.socket, packet);
    else {
      if ('payload' in packet) hold(packet.payload);
      this.early.push(packet);
    }
  }

  deliverEarly(): void {
    for (const packet of this.early.splice(0)) {
      this.receiver.packet(this.socket, packet);
      if ('payload' in packet) letGo(packet.payload);
    }
  }

  private chunks(buffer: Uint8Array): void {
    for (let at = 0; at < buffer.length;) {
      const count = Math.max(1, this.options.chunkBytes?.() ?? buffer.length);
      const chunk = lentCopy(buffer.subarray(at, at + count));
      this.receiver.checked(this.framer.push(chunk, this));
      letGoPiece(chunk);
      at += count;
    }
  }
}

class SimulatedLink implements Link {
  readonly acceptedMeta: boolean;
  readonly localAddress: string;
  readonly peerAddress: string;
  unsentBytes = 0;

  private listener: LinkListener | null = null;
  private outgoing: { readonly data: Channel; readonly meta: Channel } | null = null;
  private incoming: { readonly data: Channel; readonly meta: Channel } | null = null;
  private peer: SimulatedLink | null = null;
  private state: 'open' | 'closed' = 'open';
  private isCut = false;
  private aboveHigh = false;
  private reading: 'on' | 'paused' = 'on';
  /** Arrived while the data socket was not read. */
  private readonly unread: Packet[] = [];

  constructor(
    private readonly options: SimulatedPairOptions,
    private readonly direction: Direction,
    addresses: { readonly local: string; readonly peer: string },
  ) {
    this.acceptedMeta = options.acceptedMeta === (direction === 'a-to-b' ? 'a' : 'b');
    this.localAddress = addresses.local;
    this.peerAddress = addresses.peer;
  }

  get listening(): boolean {
    return this.listener !== null;
  }

  /** Nothing is delivered here any more. */
  get deaf(): boolean {
    return this.state === 'closed' || this.peer === null || this.peer.isCut;
  }

  attach(peer: SimulatedLink): void {
    this.peer = peer;
    this.outgoing = {
      data: new Channel(this.options, this.direction, 'data', peer),
      meta: new Channel(this.options, this.direction, 'meta', peer),
    };
    peer.incoming = this.outgoing;
  }

  listen(listener: LinkListener): void {
    if (this.listener !== null) throw new Error('a link has one listener');
    this.options.scheduler.schedule(0, () => {
      this.listener = listener;
      this.incoming?.data.deliverEarly();
      this.incoming?.meta.deliverEarly();
    });
  }

  agree(version: number, featureFlags: number): void {
    this.outgoing?.data.agreeSending(version, featureFlags);
    this.outgoing?.meta.agreeSending(version, featureFlags);
    this.incoming?.data.agreeReceiving(version, featureFlags);
    this.incoming?.meta.agreeReceiving(version, featureFlags);
  }

  setIntegrityDigestSizes(_sendBytes: number, receiveBytes: number): void {
    this.incoming?.data.setDigestBytes(receiveBytes);
  }

  send(socket: SocketKind, packet: Packet): void {
    if (this.state !== 'open' || this.outgoing === null) return;
    if (socket === 'meta') {
      this.outgoing.meta.send(packet, () => undefined);
      return;
    }
    this.unsentBytes += this.outgoing.data.send(packet, (sizeBytes) => this.arrived(sizeBytes));
    if (this.unsentBytes > SIMULATED_UNSENT_HIGH_BYTES) this.aboveHigh = true;
  }

  /** The peer sees the end of the connection after everything that was sent. */
  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    const peer = this.peer;
    const { scheduler, delayMs } = this.options;
    const arrivalMs = Math.max(
      scheduler.nowMs() + delayMs(this.direction, 'data'),
      this.outgoing?.data.lastArrivalMs ?? 0,
      this.outgoing?.meta.lastArrivalMs ?? 0,
    );
    scheduler.schedule(arrivalMs - scheduler.nowMs(), () => {
      if (!this.isCut) peer?.broken('BrokenPipe', 'peer closed the connection');
    });
  }

  cut(): void {
    this.isCut = true;
  }

  broken(reason: Parameters<LinkListener['closed']>[0], text: string): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.listener?.closed(reason, text);
  }

  packet(socket: SocketKind, packet: Packet): void {
    if (this.state !== 'open') return;
    if (socket === 'data' && (this.reading === 'paused' || this.unread.length > 0)) {
      if ('payload' in packet) hold(packet.payload);
      this.unread.push(packet);
    } else this.listener?.packet(socket, packet);
  }

  readData(how: 'on' | 'paused'): void {
    if (this.reading === how) return;
    this.reading = how;
    if (how === 'on') this.options.scheduler.schedule(0, () => this.readOn());
  }

  /** What arrived meanwhile, in order, until the reader pauses again. */
  private readOn(): void {
    while (this.reading === 'on' && this.state === 'open') {
      const packet = this.unread.shift();
      if (packet === undefined) break;
      this.listener?.packet('data', packet);
      if ('payload' in packet) letGo(packet.payload);
    }
  }

  checked(error: ProtocolError | null): void {
    if (error === null) return;
    this.close();
    this.listener?.closed(linkEndOf(error), error.message);
  }

  private arrived(sizeBytes: number): void {
    // A cut cable keeps what was sent in the socket buffer: the sender sees no progress.
    if (this.isCut) return;
    this.unsentBytes -= sizeBytes;
    if (!this.aboveHigh || this.unsentBytes >= SIMULATED_UNSENT_LOW_BYTES) return;
    this.aboveHigh = false;
    if (this.state === 'open') this.listener?.drained();
  }
}
