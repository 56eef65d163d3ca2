import { Lexer } from './lexer';

function tokens(text: string): string[] {
  const lexer = new Lexer(text);
  const found: string[] = [];
  for (let token = lexer.next(); token.kind !== 'end'; token = lexer.next()) {
    found.push(`${token.kind}(${token.number}) ${token.text}`);
  }
  return found;
}

function kinds(text: string): string[] {
  return tokens(text).map((token) => token.replace(/\(.*/, ''));
}

describe('words', () => {
  it.each([
    ['disk', ['keyword(263) disk']],
    ['"disk"', ['string(281) disk']],
    ['12345678', ['integer(280) 12345678']],
    ['123456789', ['string(281) 123456789']],
    ['10M', ['integer(280) 10M']],
    ['10k', ['string(281) 10k']],
    ['1.5', ['string(281) 1.5']],
    ['9.1.0', ['module-version(329) 9.1.0']],
    ['999.999.999.999', ['ipv4-address(279) 999.999.999.999']],
    ['10.1.1.1234', ['string(281) 10.1.1.1234']],
    ['abc#x\ny', ['string(281) abc', 'string(281) y']],
    ['=', ['other(282) =']],
  ])('%s', (text, expected) => expect(tokens(text)).toEqual(expected));

  it('may have 128 characters; the 129th makes a token of another kind, and the rest one of its own', () => {
    expect(kinds('w'.repeat(128))).toEqual(['string']);
    expect(kinds('w'.repeat(131))).toEqual(['word-too-long', 'string']);
  });
});

describe('addresses', () => {
  it.each([
    ['10.1.1.1:7789', ['ipv4-address(279) 10.1.1.1', 'punctuation(58) :', 'integer(280) 7789']],
    ['fd00::1', ['ipv6-address(304) fd00::1']],
    ['::1', ['ipv6-address(304) ::1']],
    ['fe80::1%eth0', ['ipv6-address(304) fe80::1%eth0']],
    ['::FFFF:10.0.0.1', ['ipv6-address(304) ::FFFF:10.0.0.1']],
    ['dead:beef:1', ['ipv6-address(304) dead:beef:1']],
    ['beef', ['string(281) beef']],
    ['1:2', ['integer(280) 1', 'punctuation(58) :', 'integer(280) 2']],
  ])('%s', (text, expected) => expect(tokens(text)).toEqual(expected));
});

describe('quotes', () => {
  it('take an escaped character as it is', () => {
    expect(tokens('"a\\"b\\\\c\\t"')).toEqual(['string(281) a"b\\ct']);
  });

  it('may hold 255 characters, an escaped one counting as one', () => {
    expect(kinds(`"${'q'.repeat(255)}"`)).toEqual(['string']);
    expect(kinds(`"${'\\q'.repeat(255)}"`)).toEqual(['string']);
    expect(kinds(`"${'q'.repeat(256)}" x`)[0]).toBe('quoted-too-long');
  });

  it('that nobody closes swallow the rest of the line, whose end is not counted', () => {
    const lexer = new Lexer('"abc;\nnext');
    expect(lexer.next()).toMatchObject({ kind: 'unterminated', text: '"abc;\n', line: 1 });
    expect(lexer.next()).toMatchObject({ text: 'next', line: 1 });
  });

  it('that no line ends are a character of their own, and what follows is read', () => {
    expect(kinds('"abc')).toEqual(['other', 'string']);
    expect(kinds('"abc\\')).toEqual(['other', 'string', 'other']);
  });
});

it('reads on behind any number of blanks and lines, and reads the end again', () => {
  const blanks = ' '.repeat(100_000);
  const lines = '\n'.repeat(100_000);
  const lexer = new Lexer(`a${blanks}\n${blanks}\nb${lines}${blanks}"c"#${blanks}`);
  expect([lexer.next().text, lexer.next().text, lexer.line]).toEqual(['a', 'b', 3]);
  expect(lexer.next()).toMatchObject({ kind: 'string', text: 'c', line: 100_003 });
  expect(lexer.next()).toMatchObject({ kind: 'end', text: '', line: 100_003 });
  expect(lexer.next()).toMatchObject({ kind: 'end', text: '', line: 100_003 });
});

it('counts lines, also in CRLF files', () => {
  const lexer = new Lexer('a\r\n# comment\r\n\r\nb');
  expect([lexer.next().line, lexer.next().line]).toEqual([1, 4]);
});
