/**
 * How much of this node's data is on its way to a peer that asked for it. A request of 40 bytes makes an answer of up to
 * 1 MiB: a peer that asks and does not take must not cost memory.
 *
 * - At most `ANSWER_BYTES_MAX` are being read or wait to be sent, one answer more at most. Further requests wait.
 * - At most `WAITING_MAX` requests wait: as many as `max-buffers` lets a peer have under way. More break the protocol.
 */
export const ANSWER_BYTES_MAX = 32 * 1024 * 1024;
export const WAITING_MAX = 131_072;

interface Waiting {
  readonly sizeBytes: number;
  readonly start: (finished: () => void) => void;
}

export class AnswerBudget {
  private underWayBytes = 0;
  private waiting: Waiting[] = [];
  /** Of `waiting`: the next one to start. */
  private next = 0;
  /** Counts links: what was under way for an earlier one is no part of the account any more. */
  private link = 0;

  /** `unsentBytes`: what the link has taken and not sent yet. */
  constructor(private readonly unsentBytes: () => number) {}

  get heldBytes(): number {
    return this.underWayBytes + this.unsentBytes();
  }

  /** Runs `start` when there is room; it calls `finished` when the answer was handed to the link. False: too many wait. */
  enter(sizeBytes: number, start: (finished: () => void) => void): boolean {
    if (this.waiting.length - this.next >= WAITING_MAX) return false;
    this.waiting.push({ sizeBytes, start });
    this.resume();
    return true;
  }

  /** The link has sent some of it. */
  resume(): void {
    while (this.heldBytes < ANSWER_BYTES_MAX) {
      const one = this.waiting[this.next];
      if (one === undefined) break;
      this.next++;
      this.start(one);
    }
    if (this.next === this.waiting.length) {
      this.waiting = [];
      this.next = 0;
    } else if (this.next > 1024) {
      this.waiting = this.waiting.slice(this.next);
      this.next = 0;
    }
  }

  connectionLost(): void {
    this.link++;
    this.waiting = [];
    this.next = 0;
    this.underWayBytes = 0;
  }

  private start({ sizeBytes, start }: Waiting): void {
    const { link } = this;
    this.underWayBytes += sizeBytes;
    start(() => {
      if (link !== this.link) return;
      this.underWayBytes -= sizeBytes;
      this.resume();
    });
  }
}
