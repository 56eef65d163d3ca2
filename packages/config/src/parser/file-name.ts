/** Names of files that a configuration mentions. Source: config.md 1.2. */
import { dirname, isAbsolute, join } from 'node:path';

/** Where relative names of a file start; for stdin that is the current directory. */
export function directoryOf(canonical: string): string {
  return canonical === 'STDIN' ? '.' : dirname(canonical);
}

/** Relative names start at the directory of the file that mentions them; stdin has none. */
export function besideFile(canonical: string, name: string): string {
  return isAbsolute(name) || canonical === 'STDIN' ? name : join(dirname(canonical), name);
}
