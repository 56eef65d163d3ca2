/** The library for system calls that Node lacks. Loaded on first use only: programs that need none do not pay for it. */
import { createRequire } from 'node:module';

/** The bundles are ES modules or CommonJS; both have one of the two. */
const requireFromHere = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);

export const loadKoffi = (): typeof import('koffi') => requireFromHere('koffi') as typeof import('koffi');

/** Where a thread, which has no module path of its own, finds it. */
export const koffiPath = (): string => requireFromHere.resolve('koffi');
