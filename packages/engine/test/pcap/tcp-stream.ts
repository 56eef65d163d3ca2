import type { Segment } from './pcap-file';

/** Bytes that arrived together, with the time they were captured. */
export interface Chunk {
  readonly timeSeconds: number;
  readonly bytes: Buffer;
}

/** One TCP connection: both directions reassembled. `client` dialled. */
export interface TcpConversation {
  readonly startSeconds: number;
  readonly client: string;
  readonly server: string;
  readonly fromClient: readonly Chunk[];
  readonly fromServer: readonly Chunk[];
}

class Reassembly {
  readonly chunks: Chunk[] = [];
  private next: number | null = null;
  private waiting: Segment[] = [];

  add(segment: Segment): void {
    if (segment.syn) this.next = (segment.sequence + 1) >>> 0;
    if (segment.payload.length === 0 || this.next === null) return;
    this.waiting.push(segment);
    for (;;) {
      const next: number | null = this.next;
      const index = this.waiting.findIndex((one) => ((one.sequence - (next ?? 0)) | 0) <= 0);
      const [found] = index < 0 ? [] : this.waiting.splice(index, 1);
      if (found === undefined || next === null) return;
      // What was sent again is skipped.
      const fresh = found.payload.subarray(((next - found.sequence) | 0) >>> 0);
      if (fresh.length === 0) continue;
      this.chunks.push({ timeSeconds: segment.timeSeconds, bytes: fresh });
      this.next = (next + fresh.length) >>> 0;
    }
  }

  /** Bytes after a gap would be data that the capture lost. */
  get complete(): boolean {
    return this.waiting.length === 0;
  }
}

export function tcpConversations(segments: readonly Segment[], serverPort: number): TcpConversation[] {
  interface Open {
    conversation: TcpConversation;
    fromClient: Reassembly;
    fromServer: Reassembly;
  }
  const open = new Map<string, Open>();
  const all: Open[] = [];
  for (const segment of segments) {
    const toServer = segment.toPort === serverPort;
    const key = toServer
      ? `${segment.from}:${segment.fromPort} ${segment.to}`
      : `${segment.to}:${segment.toPort} ${segment.from}`;
    if (toServer && segment.syn) {
      const known = open.get(key);
      // A repeated SYN without data yet is the same connection.
      if (known === undefined || known.fromClient.chunks.length > 0) {
        const fromClient = new Reassembly();
        const fromServer = new Reassembly();
        const conversation: TcpConversation = {
          startSeconds: segment.timeSeconds,
          client: segment.from,
          server: segment.to,
          fromClient: fromClient.chunks,
          fromServer: fromServer.chunks,
        };
        const opened = { conversation, fromClient, fromServer };
        open.set(key, opened);
        all.push(opened);
      }
    }
    const found = open.get(key);
    (toServer ? found?.fromClient : found?.fromServer)?.add(segment);
  }
  for (const { fromClient, fromServer, conversation } of all) {
    if (!fromClient.complete || !fromServer.complete) {
      throw new Error(`a gap in the capture: ${conversation.client} to ${conversation.server}`);
    }
  }
  return all.map(({ conversation }) => conversation);
}
