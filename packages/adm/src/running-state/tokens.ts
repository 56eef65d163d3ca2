/** The words of `drbdsetup show`, with their lines. */
export interface Token {
  readonly kind: 'word' | 'string' | 'punctuation' | 'end';
  readonly text: string;
  readonly line: number;
}

const TOKEN = /[ \t\r]+|#[^\n]*|\n|"((?:[^"\\\n]|\\.)*)"|([{};[\]])|([^\s{};[\]"#]+)|./gy;

export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, punctuation, word] = match;
    if (whole === '\n') line++;
    else if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.replace(/\\(.)/g, '$1'), line });
    else if (punctuation !== undefined) tokens.push({ kind: 'punctuation', text: punctuation, line });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, line });
    else if (whole.trim() !== '' && !whole.startsWith('#')) tokens.push({ kind: 'word', text: whole, line });
  }
  tokens.push({ kind: 'end', text: '', line });
  return tokens;
}
