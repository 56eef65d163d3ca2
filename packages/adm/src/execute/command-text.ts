/** A command line as `--dry-run` and `--verbose` print it. Source: adm.md 3.4. */

export function shellEscape(word: string): string {
  return word.replace(/[^A-Za-z0-9%+\-./:=@_]/gs, '\\$&');
}

export function commandText(words: readonly string[]): string {
  return words.map(shellEscape).join(' ');
}
