/** What a machine must have to boot the kernel peer. */
import { accessSync, constants } from 'node:fs';
import { environment, succeedsNow } from './shell';

export type NeededProgram = readonly [program: string, debianPackage: string];

const PROGRAMS: readonly NeededProgram[] = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['fio', 'fio'],
  ['ip', 'iproute2'],
  ['setpriv', 'util-linux'],
  ['dpkg', 'dpkg'],
  ['apt-get', 'apt'],
];

let answer: readonly string[] | null = null;

/** What is missing, in words; empty when the kernel peer can run here. Asked once per process. */
export function missingForKernelPeer(): readonly string[] {
  answer ??= ask();
  return answer;
}

export function missingPrograms(needed: readonly NeededProgram[]): readonly string[] {
  return needed
    .filter(([program]) => !onPath(program))
    .map(([program, debianPackage]) => `${program} (Debian package ${debianPackage})`);
}

function ask(): readonly string[] {
  const missing = [...missingPrograms(PROGRAMS)];
  if (process.arch !== 'x64') missing.push('an x86-64 host, whose libraries the guest can use');
  if (process.getuid?.() !== 0) missing.push('root');
  else if (!canMakeTaps()) missing.push('permission to make network namespaces and tap devices');
  return missing;
}

function onPath(program: string): boolean {
  return (environment()['PATH'] ?? '').split(':').some((directory) => {
    try {
      accessSync(`${directory}/${program}`, constants.X_OK);
      return true;
    } catch {
      // Not in this directory; the next one is asked.
      return false;
    }
  });
}

function canMakeTaps(): boolean {
  const name = `tsdrbd-probe-${process.pid}`;
  if (!succeedsNow(['ip', 'netns', 'add', name])) return false;
  try {
    return succeedsNow(['ip', 'netns', 'exec', name, 'ip', 'tuntap', 'add', 'tap0', 'mode', 'tap']);
  } finally {
    succeedsNow(['ip', 'netns', 'del', name]);
  }
}
