import { comparable } from '../../../test/wire/framing';
import { LinkRecorder } from '../../../test/tcp/link-recorder';
import { FEATURES_ALL } from '../../wire';
import type { Packet } from '../../wire';
import { simulatedPair, SIMULATED_UNSENT_HIGH_BYTES } from './simulated-link';
import type { Scheduler, SimulatedPairOptions } from './simulated-link';

/** A clock that stands still until `run`. */
class ManualScheduler implements Scheduler {
  private now = 0;
  private queue: { readonly at: number; readonly action: () => void }[] = [];
  readonly nowMs = (): number => this.now;
  readonly schedule = (delayMs: number, action: () => void): void => {
    this.queue.push({ at: this.now + delayMs, action });
  };

  run(untilMs = Infinity): void {
    for (;;) {
      this.queue.sort((a, b) => a.at - b.at);
      const next = this.queue[0];
      if (next === undefined || next.at > untilMs) return;
      this.queue.shift();
      this.now = next.at;
      next.action();
    }
  }
}

function setUp(options: Partial<SimulatedPairOptions> = {}) {
  const scheduler = new ManualScheduler();
  const pair = simulatedPair({ scheduler, delayMs: () => 1, through: 'bytes', acceptedMeta: 'a', ...options });
  pair.a.agree(101, FEATURES_ALL);
  pair.b.agree(101, FEATURES_ALL);
  return { scheduler, pair, a: new LinkRecorder(pair.a), b: new LinkRecorder(pair.b) };
}

const state = (value: number): Packet => ({ kind: 'State', volume: 0, state: value });
const write = (sizeBytes: number): Packet => ({
  kind: 'Data',
  volume: 0,
  sector: 8,
  blockId: 5n,
  seq: 1,
  flags: 2,
  sizeBytes,
  payload: [new Uint8Array(sizeBytes).fill(9)],
});

describe('a simulated pair', () => {
  test.each(['bytes', 'values'] as const)(
    'through %s delivers in order although later packets are faster',
    (through) => {
      let delay = 100;
      const { scheduler, b, pair } = setUp({ through, delayMs: () => delay-- });
      for (let i = 0; i < 50; i++) pair.a.send('data', state(i));
      scheduler.run();
      expect(b.packets.map(({ packet }) => (packet.kind === 'State' ? packet.state : -1))).toEqual(
        Array.from({ length: 50 }, (_, i) => i),
      );
    },
  );

  test('passes everything through the codec, cut into chunks of any size', () => {
    let size = 0;
    const { scheduler, b, pair } = setUp({ chunkBytes: () => (size = (size % 37) + 1) });
    const sent = [write(4096), state(3), write(512)];
    for (const packet of sent) pair.a.send('data', packet);
    scheduler.run();
    expect(b.packets.map(({ packet }) => comparable(packet))).toEqual(sent.map(comparable));
  });

  test('names one side as the one that accepted the meta socket', () => {
    const { pair } = setUp();
    expect([pair.a.acceptedMeta, pair.b.acceptedMeta]).toEqual([true, false]);
  });

  test('loses what is sent in a cut direction, tells nobody, and the other direction goes on', () => {
    const { scheduler, a, b, pair } = setUp();
    scheduler.run(0);
    pair.cut('a-to-b');
    pair.a.send('meta', { kind: 'Ping', volume: 0 });
    pair.b.send('meta', { kind: 'Ping', volume: 0 });
    scheduler.run();
    expect([a.kinds, b.kinds]).toEqual([['meta Ping'], []]);
    expect([a.ending, b.ending]).toEqual([null, null]);
  });

  test('tells both ends of a reset', () => {
    const { scheduler, a, b, pair } = setUp();
    scheduler.run(0);
    pair.a.send('data', state(1));
    pair.reset(5);
    scheduler.run();
    expect([a.ending?.reason, b.ending?.reason, b.kinds]).toEqual(['NetworkFailure', 'NetworkFailure', []]);
  });

  test('tells the peer of a close after the last packet, however slow that was', () => {
    let delay = 50;
    const { scheduler, a, b, pair } = setUp({ delayMs: () => delay });
    scheduler.run(0);
    pair.a.send('data', state(1));
    delay = 1;
    pair.a.close();
    scheduler.run();
    expect(b.kinds).toEqual(['data State']);
    expect(b.ending?.reason).toBe('BrokenPipe');
    expect(a.ending).toBeNull();
  });

  test('says when the data socket has drained', () => {
    const { scheduler, a, pair } = setUp();
    scheduler.run(0);
    while (pair.a.unsentBytes <= SIMULATED_UNSENT_HIGH_BYTES) pair.a.send('data', write(65536));
    expect(a.drainedCount).toBe(0);
    scheduler.run();
    expect([a.drainedCount, pair.a.unsentBytes]).toEqual([1, 0]);
  });

  test('hands over nothing of the data socket while that is paused, and everything in order afterwards', () => {
    const { scheduler, b, pair } = setUp();
    scheduler.run(0);
    pair.b.readData('paused');
    for (const value of [1, 2, 3]) pair.a.send('data', state(value));
    pair.a.send('meta', { kind: 'Ping', volume: 0 });
    scheduler.run();
    expect(b.kinds).toEqual(['meta Ping']);
    pair.b.readData('on');
    pair.a.send('data', state(4));
    scheduler.run();
    expect(b.packets.slice(1).map(({ packet }) => packet)).toEqual([1, 2, 3, 4].map(state));
  });
});
