/** Configuration files of the real file system. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { bytesOf, textOf } from '../bytes';
import type { ConfigReader, ReadResult } from '../model';
import { glob } from './glob';

export interface NodeReaderOptions {
  /** Relative names start here. */
  readonly cwd: string;
  /** `bytes`: contents and names are bytes, one a character. */
  readonly texts?: 'bytes' | 'characters';
}

export function nodeReader({ cwd, texts = 'characters' }: NodeReaderOptions): ConfigReader {
  const [inward, outward] = texts === 'bytes' ? [bytesOf, textOf] : [same, same];
  const at = (path: string) => resolve(cwd, outward(path));
  return {
    readFile: (path) => readText(at(path), texts === 'bytes' ? 'latin1' : 'utf8'),
    realpath: (path) => {
      try {
        return inward(realpathSync(at(path)));
      } catch {
        // A file that is not there has no canonical name; the caller learns of it when it reads.
        return inward(at(path));
      }
    },
    glob: (pattern, directory) =>
      glob(
        pattern,
        {
          list: (path) => listDirectory(outward(path))?.map(inward),
          exists: (path) => existsSync(outward(path)),
        },
        (name) => inward(resolve(cwd, outward(directory), outward(name))),
      ),
  };
}

const same = (text: string) => text;

function readText(path: string, encoding: 'latin1' | 'utf8'): ReadResult {
  try {
    if (statSync(path).isDirectory()) return { kind: 'directory' };
    return { kind: 'text', text: readFileSync(path, encoding) };
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
