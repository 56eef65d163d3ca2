import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that listens; resolves once its socket, or the file it writes when it listens, is there. */
export async function startListening(program, argv, socket, options = {}) {
  const child = spawn(program, argv, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  for (let n = 0; !existsSync(socket); n++) {
    if (n > 400 || child.exitCode !== null) throw new Error(`${program} does not listen on ${socket}`);
    await sleep(25);
  }
  return child;
}

export async function stopped(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}
