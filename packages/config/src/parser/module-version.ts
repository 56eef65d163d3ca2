/** `require-drbd-module-version-*`. Source: config.md 3. */
import { ConfigError } from '../model';
import type { TokenStream } from './token-stream';

const PREFIX = 'require-drbd-module-version-';

/**
 * The comparisons as the original makes them on unsigned numbers: `gt` is "differs", `ge` always holds, `lt` never
 * does and `le` is "equals". Configurations in use rely on that, so they are kept.
 */
const COMPARISONS: Readonly<Record<string, { readonly sign: string; readonly holds: (equal: boolean) => boolean }>> = {
  eq: { sign: '==', holds: (equal) => equal },
  ne: { sign: '!=', holds: (equal) => !equal },
  gt: { sign: '>', holds: (equal) => !equal },
  ge: { sign: '>=', holds: () => true },
  lt: { sign: '<', holds: () => false },
  le: { sign: '<=', holds: (equal) => equal },
};

export function isModuleVersionStatement(word: string): boolean {
  return word.startsWith(PREFIX);
}

/** The statement's word has been read. */
export function parseModuleVersion(tokens: TokenStream): void {
  const comparison = COMPARISONS[tokens.text.slice(PREFIX.length)];
  const { line } = tokens;
  const { kind, text: wanted } = tokens.next();
  if (kind !== 'module-version') throw tokens.expected('TK_KMODVERS');
  tokens.expectPunctuation(';');
  const found = tokens.run.surroundings.moduleVersion;
  if (found === undefined) throw new ConfigError('Could not get drbd-module-version, Module not loaded?');
  if (comparison?.holds(versionCode(found) === versionCode(wanted)) === true) return;
  throw new ConfigError(
    `${tokens.where(line)}Validation error: drbd-module-version ${found} ${comparison?.sign} ${wanted} not true`,
  );
}

/** `9.1.0` to 0x090100. */
function versionCode(text: string): number {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return (major << 16) | (minor << 8) | patch;
}
