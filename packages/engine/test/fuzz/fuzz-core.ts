/** One seed, one bad peer: a recorded connection that goes wrong somewhere. */
import { SimRandom } from '../../src/sim/random';
import { mutated } from './mutate';
import { scenes, type SceneChunk } from './scenes';
import { Victim } from './victim';

/** How much of the recording still comes after what was wrong. */
const REST_PACKETS = 8;
const RUN_PACKETS = 3;

const all = scenes();
if (all.length < 100) throw new Error('the recordings hold more connections');

interface CoreOutcome {
  readonly complaints: readonly string[];
  readonly log: readonly string[];
  /** The node hung up by itself. */
  readonly thrownOut: boolean;
}

/** Returns how many the node hung up on. */
export function fuzzPeers(firstSeed: number, count: number): number {
  let thrownOut = 0;
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    let outcome: CoreOutcome;
    try {
      outcome = fuzzCore(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
    if (outcome.complaints.length > 0)
      throw new Error(`seed ${seed}: ${outcome.complaints.join('; ')}\n${outcome.log.slice(-20).join('\n')}`);
    if (outcome.thrownOut) thrownOut++;
  }
  return thrownOut;
}

function fuzzCore(seed: number): CoreOutcome {
  const random = new SimRandom(seed);
  const scene = pick(all, random);
  const victim = new Victim(scene, random);
  // Early packets more often: everything that follows is built on them.
  const wrongAt = random.chance(0.4)
    ? random.below(Math.min(12, scene.chunks.length))
    : random.below(scene.chunks.length);
  const deliver = (chunk: SceneChunk): void => victim.receive(chunk.socket, chunk.bytes, random.below(30));
  for (const chunk of scene.chunks.slice(0, wrongAt)) deliver(chunk);
  const run = scene.chunks.slice(wrongAt, wrongAt + RUN_PACKETS);
  for (const chunk of wrong(run, random)) deliver(chunk);
  for (const chunk of scene.chunks.slice(wrongAt + RUN_PACKETS).slice(0, REST_PACKETS)) deliver(chunk);
  const thrownOut = victim.isCutOff;
  victim.end();
  return { complaints: victim.complaints(), log: victim.log, thrownOut };
}

function wrong(run: readonly SceneChunk[], random: SimRandom): SceneChunk[] {
  const data = run.filter(({ socket }) => socket === 'data');
  const meta = run.filter(({ socket }) => socket === 'meta');
  const which = data.length > 0 && (meta.length === 0 || random.chance(0.6)) ? data : meta;
  const others = (): readonly Uint8Array[] => pick(all, random).chunks.map(({ bytes }) => bytes);
  const bytes = mutated(
    which.map((chunk) => chunk.bytes),
    others,
    random,
  );
  const [first] = which;
  if (first === undefined) return [];
  return bytes.map((one) => ({ socket: first.socket, bytes: one }));
}

function pick<T>(list: readonly T[], random: SimRandom): T {
  const one = list[random.below(list.length)];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
