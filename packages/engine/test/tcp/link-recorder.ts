import { hold } from '../../src/payload';
import type { Link, LinkListener } from '../../src/transport';
import type { Packet, SocketKind } from '../../src/wire';

/** Listens to a link, keeps what came, and lets a test wait for it. */
export class LinkRecorder implements LinkListener {
  readonly packets: { readonly socket: SocketKind; readonly packet: Packet }[] = [];
  ending: { readonly reason: string; readonly text: string } | null = null;
  drainedCount = 0;
  private waiters: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  constructor(
    readonly link: Link,
    private readonly onPacket: (packet: Packet) => void = () => undefined,
  ) {
    link.listen(this);
  }

  packet(socket: SocketKind, packet: Packet): void {
    if ('payload' in packet) hold(packet.payload);
    this.packets.push({ socket, packet });
    this.onPacket(packet);
    this.check();
  }

  closed(reason: string, text: string): void {
    this.ending = { reason, text };
    this.check();
  }

  drained(): void {
    this.drainedCount++;
    this.check();
  }

  get kinds(): string[] {
    return this.packets.map(({ socket, packet }) => `${socket} ${packet.kind}`);
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ condition, resolve }));
  }

  private check(): void {
    for (const waiter of this.waiters) if (waiter.condition()) waiter.resolve();
    this.waiters = this.waiters.filter((waiter) => !waiter.condition());
  }
}
