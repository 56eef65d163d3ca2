/** Finds kernel modules in an unpacked kernel package, with those they depend on, in the order to load them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface KernelModule {
  readonly name: string;
  readonly bytes: Buffer;
}

/** `directory` is the package's lib/modules/VERSION. Modules that are built in are left out. */
export function modulesInLoadOrder(directory: string, wanted: readonly string[]): readonly KernelModule[] {
  const paths = new Map<string, string>();
  for (const entry of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const match = /^(.+)\.ko(\.xz|\.zst)?$/.exec(basename(entry));
    if (match?.[1] !== undefined) paths.set(plainName(match[1]), join(directory, entry));
  }
  const builtIn = new Set(
    readFileSync(join(directory, 'modules.builtin'), 'utf8')
      .split('\n')
      .map((line) => plainName(basename(line, '.ko'))),
  );
  const ordered = new Map<string, KernelModule>();
  const visit = (name: string): void => {
    if (ordered.has(name) || builtIn.has(name)) return;
    const path = paths.get(name);
    if (path === undefined) throw new Error(`the kernel package has no module ${name}`);
    const bytes = unpacked(path);
    for (const dependency of dependencies(bytes)) visit(dependency);
    ordered.set(name, { name, bytes });
  };
  for (const name of wanted) visit(plainName(name));
  return [...ordered.values()];
}

/** The kernel takes - and _ in a module's name for the same. */
function plainName(name: string): string {
  return name.replaceAll('-', '_');
}

function unpacked(path: string): Buffer {
  if (path.endsWith('.xz')) return execFileSync('xz', ['-dc', path], { maxBuffer: 1 << 28 });
  if (path.endsWith('.zst')) return execFileSync('zstd', ['-dc', path], { maxBuffer: 1 << 28 });
  return readFileSync(path);
}

/** Section .modinfo holds NUL-terminated `key=value` texts; `depends=` is there once, with names separated by commas. */
function dependencies(bytes: Buffer): readonly string[] {
  const start = bytes.indexOf('\0depends=', 0, 'latin1');
  if (start === -1) return [];
  const end = bytes.indexOf(0, start + 1);
  return bytes
    .toString('latin1', start + '\0depends='.length, end)
    .split(',')
    .filter((name) => name !== '')
    .map(plainName);
}
