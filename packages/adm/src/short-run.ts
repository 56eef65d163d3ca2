/**
 * V8 for a program that runs for some tenths of a second: most optimized code would come too late, and a young
 * generation that grows quickly spares collections. Together they take a third off `dump` of 1,000 resources;
 * speed.slow.test.ts measures it. Both are numbers that V8 looks up whenever it needs them. Flags that switch threads
 * of the collector must not stand here: changed while V8 runs, they end the process at its next full collection.
 */
import { setFlagsFromString } from 'node:v8';

// A V8 that did not know one of them would say so on stderr: they are tried with that of Node 20.
if (process.versions.v8.startsWith('11.')) {
  setFlagsFromString('--interrupt-budget=600000');
  setFlagsFromString('--semi-space-growth-factor=32');
}
