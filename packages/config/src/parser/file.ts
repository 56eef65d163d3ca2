/** A configuration file: its top-level statements, and the files that it includes. Source: config.md 1, 3. */
import { parseCommon, parseResource } from './resource-section';
import { besideFile, directoryOf } from './file-name';
import { parseGlobal } from './global-section';
import { isModuleVersionStatement, parseModuleVersion } from './module-version';
import { report, type ParseRun } from './parse-run';
import { parseSkip } from './skip';
import { TokenStream } from './token-stream';

export interface FileText {
  readonly text: string;
  /** The name the file was opened with: syntax errors print it. */
  readonly openedAs: string;
  readonly canonical: string;
}

export function parseFile(run: ParseRun, file: FileText): void {
  run.filesRead.add(file.canonical);
  const tokens = new TokenStream(file.text, run, file);
  for (tokens.nextStatement(); !tokens.isAtEnd; tokens.nextStatement()) parseTopLevel(tokens);
}

function parseTopLevel(tokens: TokenStream): void {
  const { configuration } = tokens.run;
  switch (tokens.word) {
    case 'global':
      parseGlobal(tokens);
      return;
    case 'common':
      configuration.common = parseCommon(tokens);
      return;
    case 'resource':
      configuration.resources.push(parseResource(tokens));
      return;
    case 'include':
      parseInclude(tokens);
      return;
    case 'skip':
      parseSkip(tokens);
      return;
  }
  if (isModuleVersionStatement(tokens.word)) {
    parseModuleVersion(tokens);
    return;
  }
  throw tokens.expected(
    'global | common | resource | skip | include |\n\trequire-drbd-module-version-{eq,ne,gt,ge,lt,le}',
    'without-number',
  );
}

/** The word `include` has been read. Every file is read once; files that a pattern does not find are no error. */
function parseInclude(tokens: TokenStream): void {
  const { run, file } = tokens;
  const line = tokens.statementLine;
  const pattern = tokens.expectString();
  tokens.expectPunctuation(';');
  const names = run.reader.glob(pattern, directoryOf(file.canonical));
  if (names.length === 0) {
    if (/[*?[]/.test(pattern)) {
      report(run, 'note', `${file.canonical}:${line}: no match for include pattern '${pattern}'.`);
    } else {
      failedToOpen(pattern);
    }
  }
  for (const name of names) {
    const path = besideFile(file.canonical, name);
    const canonical = run.reader.realpath(path);
    if (run.filesRead.has(canonical)) continue;
    const read = run.reader.readFile(path);
    if (read.kind === 'text') parseFile(run, { text: read.text, openedAs: name, canonical });
    else failedToOpen(name);
  }

  function failedToOpen(name: string): void {
    report(run, 'late', `${file.canonical}:${line}: Failed to open include file '${name}'.`);
  }
}
