/**
 * What a thread that asks for a path wants with it. FUSE says who asks, and not for what: a look at a device node must not
 * promote anybody, while an open for writing shall. /proc tells which system call the thread is in.
 *
 * Source: proc_pid_syscall(5), and the system call tables of the kernel (syscall(2), open(2), mount(2)).
 */
import { readFileSync } from 'node:fs';

export type OpenIntent = 'read' | 'write' | 'none';

interface OpeningCall {
  readonly kind: 'open' | 'mount' | 'writes';
  /** Which argument has the flags. */
  readonly flags: number;
}

const GENERIC: ReadonlyMap<number, OpeningCall> = new Map([
  [56, { kind: 'open', flags: 2 }], // openat
  [40, { kind: 'mount', flags: 3 }], // mount
  [224, { kind: 'writes', flags: 0 }], // swapon
  [431, { kind: 'writes', flags: 0 }], // fsconfig, whose "create" opens the device
]);
const X64: ReadonlyMap<number, OpeningCall> = new Map([
  [2, { kind: 'open', flags: 1 }], // open
  [257, { kind: 'open', flags: 2 }], // openat
  [85, { kind: 'writes', flags: 0 }], // creat
  [165, { kind: 'mount', flags: 3 }], // mount
  [167, { kind: 'writes', flags: 0 }], // swapon
  [431, { kind: 'writes', flags: 0 }], // fsconfig
]);
const CALLS: Readonly<Record<string, ReadonlyMap<number, OpeningCall>>> = { x64: X64, arm64: GENERIC };

const O_ACCMODE = 3n;
const O_PATH = 0o10000000n;
const MS_RDONLY = 1n;

/** 'none' also where it cannot be known: another process namespace, another architecture. */
export function openIntent(threadId: number, architecture: string = process.arch): OpenIntent {
  if (threadId === 0) return 'none';
  try {
    return parseSyscall(readFileSync(`/proc/${threadId}/syscall`, 'latin1'), architecture);
  } catch {
    return 'none'; // It has ended, or may not be looked at.
  }
}

/** Number of the call, then its arguments in hexadecimal; `running` for a thread in none. */
export function parseSyscall(text: string, architecture: string): OpenIntent {
  const [number = '', ...words] = text.trim().split(' ');
  const call = CALLS[architecture]?.get(Number(number));
  const word = words[call?.flags ?? 0];
  if (call === undefined || word === undefined || !/^0x[0-9a-f]+$/.test(word)) return 'none';
  const flags = BigInt(word);
  switch (call.kind) {
    case 'writes':
      return 'write';
    case 'mount':
      return (flags & MS_RDONLY) === 0n ? 'write' : 'read';
    case 'open':
      if ((flags & O_PATH) !== 0n) return 'none';
      return (flags & O_ACCMODE) === 0n ? 'read' : 'write';
  }
}
