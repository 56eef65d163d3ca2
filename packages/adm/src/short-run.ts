/**
 * V8 for a program that runs for some tenths of a second: most optimized code would come too late, threads of the
 * collector cost more than they help, and a young generation that grows quickly spares collections. Together they take
 * a third off `dump` of 1,000 resources; bench.slow.test.ts measures it.
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--interrupt-budget=600000');
setFlagsFromString('--single-threaded-gc');
setFlagsFromString('--semi-space-growth-factor=32');
