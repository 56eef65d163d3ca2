import type { CliIo } from './cli-io';
import { descriptorOutput } from './descriptor-output';

/** The surroundings of a real process. `texts`: as in descriptorOutput. */
export function processIo(texts: 'utf8' | 'latin1' = 'utf8'): CliIo {
  return {
    // A copy: every look into the original asks the system.
    env: { ...process.env },
    cwd: process.cwd(),
    // Opened when it is asked for: few commands read it, and it costs all of them a part of their start.
    get stdin() {
      return process.stdin;
    },
    stdout: descriptorOutput(1, () => process.stdout, texts),
    stderr: descriptorOutput(2, () => process.stderr, texts),
    now: () => Date.now(),
  };
}
