/** POSIX glob with flags 0: `*`, `?`, `[...]`; a leading dot is matched only by a dot. Source: config.md 1.2. */

/** Names in a directory, or undefined if it cannot be read. */
export type ListDirectory = (path: string) => readonly string[] | undefined;

export interface GlobSource {
  readonly list: ListDirectory;
  readonly exists: (path: string) => boolean;
}

/** Sorted names, written as the pattern writes them. `prefix` turns a relative name into one that `source` knows. */
export function glob(pattern: string, source: GlobSource, prefix: (name: string) => string): string[] {
  const parts = pattern.split('/');
  let found = [''];
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    found = found.flatMap((base) => expand(base, part));
    if (!isLast) found = found.map((name) => `${name}/`);
  });
  return found.filter((name) => name !== '' && source.exists(prefix(name))).sort(byBytes);

  function expand(base: string, part: string): string[] {
    if (!/[*?[]/.test(part)) return [base + part];
    return (source.list(prefix(base === '' ? '.' : base)) ?? [])
      .filter((name) => (!name.startsWith('.') || part.startsWith('.')) && matches(name, part))
      .map((name) => base + name);
  }
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One path component against one pattern component; the last `*` is retried, never earlier ones. */
export function matches(name: string, pattern: string): boolean {
  let at = 0;
  let patternAt = 0;
  let retry: { name: number; pattern: number } | undefined;
  while (at < name.length) {
    if (pattern[patternAt] === '*') {
      patternAt += 1;
      retry = { name: at, pattern: patternAt };
      continue;
    }
    const next = patternAt < pattern.length ? matchOne(name[at] ?? '', pattern, patternAt) : undefined;
    if (next !== undefined) {
      at += 1;
      patternAt = next;
    } else if (retry !== undefined) {
      retry.name += 1;
      at = retry.name;
      patternAt = retry.pattern;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === '*') patternAt += 1;
  return patternAt === pattern.length;
}

/** Where the pattern goes on if its element at `at` matches the character; undefined if it does not. */
function matchOne(character: string, pattern: string, at: number): number | undefined {
  const element = pattern[at];
  if (element === '?') return at + 1;
  if (element === '[') {
    const end = pattern.indexOf(']', firstMember(pattern, at) + 1);
    if (end >= 0) return inBrackets(character, pattern.slice(at + 1, end)) ? end + 1 : undefined;
  }
  const escaped = element === '\\' && at + 1 < pattern.length;
  return pattern[escaped ? at + 1 : at] === character ? at + (escaped ? 2 : 1) : undefined;
}

/** Where the members of a bracket begin; a `]` there is one of them. */
function firstMember(pattern: string, at: number): number {
  const next = pattern[at + 1];
  return next === '!' || next === '^' ? at + 2 : at + 1;
}

function inBrackets(character: string, set: string): boolean {
  const negated = set.startsWith('!') || set.startsWith('^');
  const members = negated ? set.slice(1) : set;
  let found = false;
  for (let i = 0; i < members.length; i += 1) {
    const isRange = members[i + 1] === '-' && i + 2 < members.length;
    const low = members[i] ?? '';
    const high = isRange ? (members[i + 2] ?? '') : low;
    if (character >= low && character <= high) found = true;
    if (isRange) i += 2;
  }
  return found !== negated;
}
