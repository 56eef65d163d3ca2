import type { Packet, SocketKind } from '../../wire';
import { linkEndOf, type Link, type LinkListener } from '../link';
import type { FramedSocket } from './framed-socket';

/** Above `high` bytes waiting on the data socket the core should slow down; below `low` it hears `drained`. */
export const UNSENT_HIGH_BYTES = 4 * 1024 * 1024;
export const UNSENT_LOW_BYTES = 1024 * 1024;

/** Acks of 1.6 GiB in 4 KiB writes. A peer that lets so many wait, and asks for more, has stopped to read. */
export const META_UNSENT_BYTES_MAX = 16 * 1024 * 1024;

type Ending = Parameters<LinkListener['closed']>;

/** A data and a meta socket that belong together. */
export class TcpLink implements Link {
  private listener: LinkListener | null = null;
  private aboveHigh = false;
  private ending: Ending | null = null;
  private state: 'open' | 'closing' | 'closed' = 'open';

  constructor(
    private readonly data: FramedSocket,
    private readonly meta: FramedSocket,
    readonly acceptedMeta: boolean,
  ) {
    data.onWritten(() => this.checkDrained());
  }

  get localAddress(): string {
    return this.data.localAddress;
  }

  get peerAddress(): string {
    return this.data.peerAddress;
  }

  get unsentBytes(): number {
    return this.data.unsentBytes;
  }

  listen(listener: LinkListener): void {
    if (this.listener !== null) throw new Error('a link has one listener');
    this.listener = listener;
    this.data.listen({
      packet: (packet) => this.packet('data', packet),
      ended: ({ error, text }) =>
        this.ended([error === null ? 'BrokenPipe' : linkEndOf(error), `data socket: ${text}`], error !== null),
    });
    this.meta.listen({
      packet: (packet) => this.packet('meta', packet),
      ended: ({ error, text }) => this.ended(['NetworkFailure', `meta socket: ${text}`], error !== null),
    });
  }

  agree(version: number, featureFlags: number): void {
    this.data.agree(version, featureFlags);
    this.meta.agree(version, featureFlags);
  }

  setIntegrityDigestSizes(_sendBytes: number, receiveBytes: number): void {
    this.data.setReceiveDigestBytes(receiveBytes);
  }

  send(socket: SocketKind, packet: Packet): void {
    if (this.state !== 'open') return;
    if (socket === 'meta') {
      this.meta.send(packet);
      if (this.meta.unsentBytes > META_UNSENT_BYTES_MAX)
        this.ended(['NetworkFailure', 'meta socket: the peer does not read'], true);
      return;
    }
    this.data.send(packet);
    if (!this.aboveHigh && this.data.unsentBytes > UNSENT_HIGH_BYTES) this.aboveHigh = true;
  }

  readData(how: 'on' | 'paused'): void {
    this.data.read(how);
  }

  /** The meta socket stays until the peer has read the data socket to its end: its end would cut that short. */
  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.meta.mute();
    this.data.close(() => this.meta.close());
  }

  private packet(socket: SocketKind, packet: Packet): void {
    if (this.state !== 'closed') this.listener?.packet(socket, packet);
  }

  /**
   * A peer that leaves sends its last words on the meta socket and closes both. The end of one socket may be seen
   * before the words on the other were read, so what has already arrived there is read first (wire.md 10.4).
   */
  private ended(ending: Ending, violation: boolean): void {
    if (this.state === 'closed' || this.ending !== null) return;
    this.ending = ending;
    this.state = 'closing';
    const finish = (): void => this.finish(ending);
    if (violation) finish();
    else setImmediate(() => setImmediate(finish));
  }

  private finish(ending: Ending): void {
    if (this.state === 'closed') return;
    this.close();
    this.listener?.closed(...ending);
  }

  private checkDrained(): void {
    if (!this.aboveHigh || this.state !== 'open' || this.data.unsentBytes >= UNSENT_LOW_BYTES) return;
    this.aboveHigh = false;
    this.listener?.drained();
  }
}
