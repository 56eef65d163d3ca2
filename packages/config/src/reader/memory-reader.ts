/** Configuration files in memory, by absolute path: for tests and for text that is in no file. */
import { posix } from 'node:path';
import type { ConfigReader } from '../model';
import { glob } from './glob';

export function memoryReader(files: Readonly<Record<string, string>>, cwd = '/'): ConfigReader {
  const at = (path: string) => posix.resolve(cwd, path);
  const names = Object.keys(files);
  const isDirectory = (path: string) => names.some((name) => name.startsWith(path === '/' ? '/' : `${path}/`));
  const list = (path: string) => {
    const inside = path === '/' ? '/' : `${path}/`;
    const children = names.filter((name) => name.startsWith(inside)).map((name) => name.slice(inside.length));
    return [...new Set(children.map((child) => child.split('/')[0] ?? child))];
  };
  return {
    readFile: (path) => {
      const text = files[at(path)];
      if (text !== undefined) return { kind: 'text', text };
      return isDirectory(at(path)) ? { kind: 'directory' } : { kind: 'unreadable', reason: 'ENOENT' };
    },
    realpath: at,
    glob: (pattern, directory) =>
      glob(pattern, { list, exists: (path) => path in files || isDirectory(path) }, (name) =>
        posix.resolve(cwd, directory, name),
      ),
  };
}
