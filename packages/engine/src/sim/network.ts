/** The cable between two simulated nodes: it brings links about, delays, and can be cut. */
import type { Connection, LinkFinder, PeerLink } from '../core';
import { simulatedPair, type SimulatedPair } from '../transport';
import type { SimClock } from './clock';
import type { SimRandom } from './random';

/** A node at one end of the cable. */
export interface CableEnd {
  readonly connection: Connection | null;
  take(link: PeerLink): void;
}

export class SimNetwork {
  private readonly looking = new Set<CableEnd>();
  private pair: SimulatedPair | null = null;
  private plugged = true;

  constructor(
    private readonly clock: SimClock,
    private readonly random: SimRandom,
    private readonly through: 'bytes' | 'values',
    /** Who accepts the meta socket of the next link: chance decides, unless a recording does. */
    private readonly acceptsMeta: (a: CableEnd, b: CableEnd) => 'a' | 'b' = () => (random.chance(0.5) ? 'a' : 'b'),
  ) {}

  /** For one life of the node: a dead one must not stop the search of the next. */
  finder(node: CableEnd, isAlive: () => boolean): LinkFinder {
    const stop = (): void => {
      if (isAlive()) this.looking.delete(node);
    };
    return {
      start: () => {
        if (!isAlive()) return;
        this.looking.add(node);
        this.meet();
      },
      stop,
      destroy: stop,
    };
  }

  /** `silently`: nobody is told, only pings find out. */
  unplug(how: 'silently' | 'with-reset'): void {
    this.plugged = false;
    if (how === 'with-reset') this.pair?.reset(this.random.fraction() * 2);
    else {
      this.pair?.cut('a-to-b');
      this.pair?.cut('b-to-a');
    }
  }

  plug(): void {
    this.plugged = true;
    this.meet();
  }

  /** A killed process leaves its kernel to reset the sockets; a node without power says nothing. */
  nodeGone(node: CableEnd, how: 'killed' | 'power-cut'): void {
    this.looking.delete(node);
    if (how === 'killed') this.pair?.reset(this.random.fraction() * 2);
    else {
      this.pair?.cut('a-to-b');
      this.pair?.cut('b-to-a');
    }
  }

  private meet(): void {
    if (!this.plugged || this.looking.size < 2) return;
    this.clock.schedule(1 + this.random.fraction() * 5, () => {
      const [a, b] = [...this.looking];
      if (!this.plugged || a?.connection == null || b?.connection == null) return;
      this.looking.clear();
      this.pair = simulatedPair({
        scheduler: {
          nowMs: this.clock.nowMs,
          schedule: (delayMs, action) => void this.clock.schedule(delayMs, action),
        },
        delayMs: () => 0.05 + this.random.fraction() * 1.5,
        through: this.through,
        acceptedMeta: this.acceptsMeta(a, b),
      });
      a.take(this.pair.a);
      b.take(this.pair.b);
    });
  }
}
