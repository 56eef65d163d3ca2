/** The library for system calls that Node lacks. Loaded on first use only: programs that need none do not pay for it. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';

/** The bundles are ES modules or CommonJS; both have one of the two. */
const ownFile = (): string => (typeof __filename === 'string' ? __filename : import.meta.url);

export function loadKoffi(): typeof import('koffi') {
  return loadBinary() ?? (requireFromHere()('koffi') as typeof import('koffi'));
}

/** Where a thread, which has no module path of its own, finds it. */
export const koffiPath = (): string => requireFromHere().resolve('koffi');

const requireFromHere = (): NodeJS.Require => process.getBuiltinModule('node:module').createRequire(ownFile());

/**
 * koffi's own search for its binary takes several times as long as loading it, for a short command the better part of
 * its time. Where the package lies as npm and pnpm lay it, the binary is taken directly; null: koffi is to search.
 */
function loadBinary(): typeof import('koffi') | null {
  const path = binaryPath(`${process.platform}-${process.arch}`, `${process.platform}_${process.arch}`);
  if (path === null) return null;
  try {
    const loaded = { exports: {} };
    process.dlopen(loaded, path);
    return loaded.exports as typeof import('koffi');
  } catch {
    // Another C library: koffi has a binary for that, too.
    return null;
  }
}

function binaryPath(platform: string, target: string): string | null {
  for (let directory = dirname(ownFile()); directory !== dirname(directory); directory = dirname(directory)) {
    // A symbolic link in pnpm's case: what follows `..` lies beside the link's target.
    const koffi = `${directory}/node_modules/koffi`;
    if (existsSync(koffi)) return `${koffi}/../@koromix/koffi-${platform}/${target}/koffi.node`;
  }
  return null;
}
