import { parseNumber } from './number';
import { findOption, optionsOfCommand, optionTable } from './option-table';
import { defaultValue, parseOptionValue } from './option-value';
import type { OptionGroup } from './option';

describe('parseNumber', () => {
  it.each([
    ['10', '1', 10n],
    ['010', '1', 10n],
    ['1K', '1', 1024n],
    ['1s', '1', 512n],
    ['1s', 'k', 1n],
    ['3s', 'k', 2n],
    ['1M', 's', 2048n],
    ['10g', 'k', 10485760n],
    ['-5', '1', (1n << 64n) - 5n],
    ['99999999999999999999999', '1', (1n << 64n) - 1n],
  ] as const)('%s in units of %s is %s', (text, unit, value) => expect(parseNumber(text, unit)).toBe(value));

  it.each(['', '1kk', '1 k', '0x1', '1.5', '1e3', '1T', 'S', '18446744073709551615k'])('%j is no number', (text) =>
    expect(parseNumber(text, 'k')).toBeUndefined(),
  );
});

function parse(group: OptionGroup, name: string, text: string, source?: 'file' | 'command') {
  const option = findOption(group, name);
  if (option === undefined) throw new Error(`no option ${name}`);
  return parseOptionValue(option, text, source);
}

describe('parseOptionValue', () => {
  it.each([
    ['net', 'timeout', '60', 60],
    ['net', 'protocol', 'a', 'A'],
    ['net', 'tcp-cork', 'no', false],
    ['disk', 'size', '1M', 2048],
    ['disk', 'al-extents', '9999999', 9999999],
    ['resource', 'quorum', 'majority', 'majority'],
    ['resource', 'quorum', '3', 3],
    ['disk', 'resync-after', 'r0/1', 'r0/1'],
  ] as const)('%s %s %s', (group, name, text, value) =>
    expect(parse(group, name, text)).toEqual({ kind: 'value', value }),
  );

  it.each([
    ['net', 'timeout', '0', 'too small'],
    ['net', 'timeout', '601', 'too big'],
    ['net', 'timeout', 'ten', 'not a number'],
    ['net', 'tcp-cork', 'Yes', "not 'yes' or 'no'"],
    ['net', 'fencing', 'none', 'not valid'],
    ['net', 'shared-secret', 'x'.repeat(64), 'too long'],
    ['resource', 'quorum', 'half', 'not valid'],
    ['resource', 'quorum', '33', 'too big'],
  ] as const)('%s %s refuses %s: %s', (group, name, text, reason) =>
    expect(parse(group, name, text)).toMatchObject({ kind: 'refused', reason }),
  );

  it('leaves ranges to the engine on the command line', () => {
    expect(parse('net', 'timeout', '700', 'command')).toEqual({ kind: 'value', value: 700 });
    expect(parse('disk', 'resync-after', '-1', 'command')).toEqual({ kind: 'value', value: -1 });
    expect(parse('disk', 'resync-after', 'r0', 'command')).toMatchObject({ reason: 'not a number' });
  });

  it('counts a length in bytes', () => {
    expect(parse('net', '_name', 'ü'.repeat(31))).toMatchObject({ kind: 'value' });
    expect(parse('net', '_name', 'ü'.repeat(32))).toEqual({ kind: 'refused', reason: 'too long', maxBytes: 63 });
  });
});

describe('the option table', () => {
  it('has the number of rows that drbdsetup 9.34 lists', () => {
    const counts = Object.fromEntries(Object.entries(optionTable).map(([group, rows]) => [group, rows.length]));
    expect(counts).toEqual({
      net: 39,
      disk: 15,
      'peer-device': 9,
      device: 4,
      resource: 14,
      handlers: 15,
      startup: 4,
      proxy: 7,
    });
  });

  it('holds a default in range for every number but discard-granularity, whose default means unset', () => {
    const outside = Object.values(optionTable)
      .flat()
      .filter(({ type }) => type.kind === 'number' && (type.default < type.min || type.default > type.max));
    expect(outside.map(({ name }) => name)).toEqual(['discard-granularity']);
  });

  it('holds enum defaults that are words of the enum', () => {
    for (const { type } of Object.values(optionTable).flat()) {
      if (type.kind === 'enum') expect(type.words).toContain(defaultValue(type));
    }
  });

  it('gives transport to new-peer and not to net-options', () => {
    const names = (command: 'new-peer' | 'net-options') => optionsOfCommand(command).map(({ name }) => name);
    expect(names('new-peer')).toContain('transport');
    expect(names('net-options')).not.toContain('transport');
  });
});
