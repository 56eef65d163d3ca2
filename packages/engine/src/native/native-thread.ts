/**
 * Threads for system calls that sleep.
 *
 * The program is turned to text and evaluated in the thread, so that it needs no file of its own beside a bundle. It must
 * therefore use nothing from outside its own braces; `load` is the thread's `require`, by a name that bundlers leave alone.
 */
import { Worker } from 'node:worker_threads';

export type ThreadProgram = (load: NodeJS.Require) => void;

/** A small heap keeps an idle thread cheap: a program is one loop over preallocated memory. */
const HEAP = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 } as const;

export function startNativeThread(name: string, program: ThreadProgram, workerData: object): Worker {
  return new Worker(threadSource(program), { eval: true, name, workerData, resourceLimits: HEAP });
}

/** esbuild's keepNames wraps functions with `__name`, which does not exist in the thread. */
const threadSource = (program: ThreadProgram): string => `const __name = (f) => f; (${program.toString()})(require);`;
