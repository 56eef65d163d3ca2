/** The tables of docs/reference/setup.md, as rows of cells. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const text = readFileSync(join(__dirname, '../../../../docs/reference/setup.md'), 'utf8');

/** The rows of all tables of a section, named by its number, without the heads. */
export function rowsOf(section: string): string[][] {
  const start = text.search(new RegExp(`^#+ ${section.replaceAll('.', '\\.')} `, 'm'));
  if (start < 0) throw new Error(`setup.md has no section ${section}`);
  const body = text.slice(text.indexOf('\n', start) + 1);
  const end = body.search(/^#{2,3} \d/m);
  const lines = (end < 0 ? body : body.slice(0, end)).split('\n');
  return lines
    .filter((line, at) => line.startsWith('|') && !line.startsWith('|---') && !lines[at + 1]?.startsWith('|---'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|')),
    );
}

export const codeSpans = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
