/** `global { }`. Source: config.md 3, 4.9. */
import type { GlobalSettings } from '../model';
import { leadingInteger, scaledInteger } from './integer';
import type { TokenStream } from './token-stream';

type NumberKey = 'minorCount' | 'dialogRefresh' | 'commandTimeoutShort' | 'commandTimeoutMedium' | 'commandTimeoutLong';

const NUMBERS: Readonly<Record<string, { readonly key: NumberKey; readonly min: number; readonly max: number }>> = {
  'minor-count': { key: 'minorCount', min: 1, max: 255 },
  'dialog-refresh': { key: 'dialogRefresh', min: 0, max: 600 },
  'cmd-timeout-short': { key: 'commandTimeoutShort', min: 0, max: 900 },
  'cmd-timeout-medium': { key: 'commandTimeoutMedium', min: 0, max: 900 },
  'cmd-timeout-long': { key: 'commandTimeoutLong', min: 0, max: 900 },
};

/** The word `global` has been read. */
export function parseGlobal(tokens: TokenStream): void {
  const { run } = tokens;
  const settings = run.configuration.global;
  run.unique.claim('global section', 'global', tokens.statementPosition());
  if (run.configuration.resources.length > 0) {
    tokens.warn('You should put the global {} section\n\tin front of any resource {} section', tokens.statementLine);
  }
  tokens.expectPunctuation('{');
  for (;;) {
    tokens.nextStatement();
    if (tokens.is('}')) return;
    if (!parseSetting(tokens, tokens.word, settings)) {
      throw tokens.expected('dialog-refresh | minor-count | disable-ip-verification', 'without-number');
    }
    tokens.expectPunctuation(';');
  }
}

function parseSetting(tokens: TokenStream, word: string, settings: GlobalSettings): boolean {
  switch (word) {
    case 'disable-ip-verification':
      settings.disableIpVerification = true;
      return true;
    case 'udev-always-use-vnr':
      settings.udevAlwaysUseVnr = true;
      return true;
    case 'usage-count':
      settings.usageCount = parseUsageCount(tokens);
      return true;
  }
  const number = NUMBERS[word];
  if (number === undefined) return false;
  const text = tokens.expectInteger();
  tokens.checkRange(word, text, scaledInteger(text), number.min, number.max);
  settings[number.key] = leadingInteger(text);
  return true;
}

function parseUsageCount(tokens: TokenStream): GlobalSettings['usageCount'] {
  const { word } = tokens.next();
  if (word === 'yes' || word === 'no' || word === 'ask') return word;
  throw tokens.expected('yes | no | ask', 'without-number');
}
