/** What an engine costs that has one connected resource and nothing to do. */
import { Pair } from './support/pair';

const WATCHED_MS = 25_000;
const MEMORY_BYTES_MAX = 110 * 1024 * 1024;
/** Of one core. The aim is 1 %; a guard against polling, which costs more than this. */
const CPU_SHARE_MAX = 0.02;

let pair: Pair;
afterEach(() => pair.end());

test('an idle engine uses next to no CPU time, and below 110 MiB of memory', async () => {
  pair = await Pair.running();
  const before = pair.nodes.map((node) => node.engineCpuMs());
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  const shares = pair.nodes.map((node, i) => (node.engineCpuMs() - (before[i] ?? 0)) / WATCHED_MS);
  const memory = pair.nodes.map((node) => node.engineMemory().now);
  const mib = memory.map((bytes) => Math.round(bytes / 1048576)).join(' and ');
  console.log(
    `idle: ${mib} MiB resident, ${shares.map((share) => (share * 100).toFixed(2)).join(' and ')} % of a core`,
  );
  for (const bytes of memory) expect(bytes).toBeLessThan(MEMORY_BYTES_MAX);
  for (const share of shares) expect(share).toBeLessThan(CPU_SHARE_MAX);
}, 90_000);
