/** Configuration files of the real file system. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ConfigReader, ReadResult } from '../model';
import { glob } from './glob';

/** Relative names start at `cwd`. */
export function nodeReader({ cwd }: { readonly cwd: string }): ConfigReader {
  const at = (path: string) => resolve(cwd, path);
  return {
    readFile: (path) => readText(at(path)),
    realpath: (path) => {
      try {
        return realpathSync(at(path));
      } catch {
        // A file that is not there has no canonical name; the caller learns of it when it reads.
        return at(path);
      }
    },
    glob: (pattern, directory) =>
      glob(pattern, { list: listDirectory, exists: existsSync }, (name) => resolve(cwd, directory, name)),
  };
}

function readText(path: string): ReadResult {
  try {
    if (statSync(path).isDirectory()) return { kind: 'directory' };
    return { kind: 'text', text: readFileSync(path, 'utf8') };
  } catch (error) {
    return { kind: 'unreadable', reason: errorCode(error) };
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}

function listDirectory(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path);
  } catch {
    // glob passes over directories that it cannot read.
    return undefined;
  }
}
