/** Which frontend this host can have. Nothing is tried that would change the host: the answer is read off it. */
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';

export const FRONTENDS = ['auto', 'nbd', 'fuse', 'none'] as const;
export type FrontendSetting = (typeof FRONTENDS)[number];

export interface HostProbe {
  readonly isRoot: boolean;
  /** The kernel's NBD driver is loaded or built in. */
  readonly hasNbdDriver: boolean;
  readonly hasFuse: boolean;
  readonly hasLoop: boolean;
  /** Programs that can be run. */
  readonly tools: ReadonlySet<string>;
}

export type FrontendChoice =
  | { readonly kind: 'nbd' | 'fuse' }
  /** `reason` is for the log: why there are no devices. Null: none were asked for. */
  | { readonly kind: 'none'; readonly reason: string | null };

const TOOLS = { nbd: ['nbd-client'], fuse: ['mount', 'umount', 'losetup'] } as const;

export function probeHost(root = '/', uid = process.getuid?.() ?? -1): HostProbe {
  const directories = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];
  const wanted = [...TOOLS.nbd, ...TOOLS.fuse];
  const tools = wanted.filter((tool) => directories.some((directory) => isExecutable(join(root, directory, tool))));
  return {
    isRoot: uid === 0,
    hasNbdDriver: existsSync(join(root, 'sys/module/nbd')) || existsSync(join(root, 'sys/block/nbd0')),
    hasFuse: existsSync(join(root, 'dev/fuse')),
    hasLoop: existsSync(join(root, 'dev/loop-control')),
    tools: new Set(tools),
  };
}

export function chooseFrontend(setting: FrontendSetting, probe: HostProbe): FrontendChoice {
  if (setting === 'none') return { kind: 'none', reason: null };
  if (setting !== 'auto') {
    const problem = obstacle(setting, probe);
    return problem === null ? { kind: setting } : { kind: 'none', reason: `${setting}: ${problem}` };
  }
  const problems: string[] = [];
  for (const kind of ['nbd', 'fuse'] as const) {
    const problem = obstacle(kind, probe);
    if (problem === null) return { kind };
    problems.push(`${kind}: ${problem}`);
  }
  return { kind: 'none', reason: problems.join('; ') };
}

function obstacle(kind: 'nbd' | 'fuse', probe: HostProbe): string | null {
  if (!probe.isRoot) return 'needs root';
  if (kind === 'nbd' && !probe.hasNbdDriver) return 'the kernel has no nbd driver loaded (modprobe nbd)';
  if (kind === 'fuse' && !probe.hasFuse) return 'no /dev/fuse';
  if (kind === 'fuse' && !probe.hasLoop) return 'no /dev/loop-control';
  const missing = TOOLS[kind].filter((tool) => !probe.tools.has(tool));
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // Not there.
  }
}
