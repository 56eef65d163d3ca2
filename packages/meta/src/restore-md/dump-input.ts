import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MetaContext } from '../context';
import { readAll } from '../line-reader';
import { EXIT, MetaExit } from '../meta-exit';

/** The text of the dump named on the command line, or of stdin. Errors: MetaExit 20. */
export async function readDump({ invocation, io }: MetaContext): Promise<string> {
  const [file] = invocation.words;
  if (file === undefined) return readAll(io.stdin);
  try {
    return readFileSync(resolve(io.cwd, file), 'latin1');
  } catch {
    throw new MetaExit(EXIT.usage, `open of '${file}' failed.`);
  }
}
