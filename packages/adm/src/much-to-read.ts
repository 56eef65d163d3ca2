/**
 * V8 for some tenths of a second of work on a large configuration: most optimized code would come too late, and a young
 * generation that grows only moves from one piece of fresh memory to the next, each of which the system has to find and
 * clear. Together they take a third off `dump` of 1,000 resources; speed.slow.test.ts measures it. Both are numbers that
 * V8 looks up whenever it needs them. Flags that switch threads of the collector must not stand here: changed while V8
 * runs, they end the process at its next full collection.
 *
 * Not for small configurations: the module that sets flags takes as long to load as they do to read.
 */
import type { ConfigReader } from '@tsdrbd/config';

const LARGE_BYTES = 64 * 1024;

export function tunedToSize(reader: ConfigReader, tune: () => void = tuneForMuch): ConfigReader {
  let readBytes = 0;
  return {
    ...reader,
    readFile: (path) => {
      const result = reader.readFile(path);
      if (result.kind !== 'text' || readBytes > LARGE_BYTES) return result;
      readBytes += result.text.length;
      if (readBytes > LARGE_BYTES) tune();
      return result;
    },
  };
}

function tuneForMuch(): void {
  // A V8 that did not know one of them would say so on stderr: they are tried with that of Node 20.
  if (!process.versions.v8.startsWith('11.')) return;
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--interrupt-budget=400000');
  setFlagsFromString('--semi-space-growth-factor=1');
}
