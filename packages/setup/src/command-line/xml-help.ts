/** `xml-help`: what a command takes, for programs. Elements and layout: setup.md 1.1, and drbdsetup 9.22. */
import type { OptionType } from '@tsdrbd/config/options';
import type { SetupCommand } from '../commands/command';

export function xmlHelp(command: SetupCommand): string {
  return [
    `<command name="${command.name}">`,
    `\t<summary>${escaped(command.summary)}</summary>`,
    ...command.arguments.flatMap((name) =>
      name === 'resource-or-all'
        ? ['\t<group>', '\t\t<argument>resource</argument>', '\t\t<argument>all</argument>', '\t</group>']
        : [`\t<argument>${name}</argument>`],
    ),
    ...options(command),
    '</command>',
    '',
  ].join('\n');
}

function options(command: SetupCommand): string[] {
  if (command.kind === 'query') {
    return command.options.flatMap(({ name, value }) => option(name, value === 'none' ? 'flag' : 'string', []));
  }
  return [
    ...(command.offersSetDefaults === true ? option('set-defaults', 'flag', []) : []),
    ...command.options.flatMap(({ name, type }) => optionOfType(name, type)),
  ];
}

function optionOfType(name: string, type: OptionType): string[] {
  switch (type.kind) {
    case 'flag':
      return option(name, 'boolean', [['default', 'no']]);
    case 'boolean':
      return option(name, 'boolean', [['default', type.default ? 'yes' : 'no']]);
    case 'enum':
      return option(
        name,
        'handler',
        type.words.map((word) => ['handler', word]),
      );
    case 'number':
      return option(name, 'numeric', [
        ...range(type),
        ['unit_prefix', type.unit],
        ...(type.note === undefined ? [] : [['unit', type.note] as const]),
      ]);
    case 'minor-reference':
      return option(name, 'numeric', [...range(type), ['unit_prefix', '1']]);
    case 'number-or-word':
      return option(name, 'numeric-or-symbol', [
        ...range(type),
        ...Object.keys(type.words).map((word) => ['symbol', word] as const),
      ]);
    case 'string':
      return option(name, 'string', []);
  }
}

const range = (type: { readonly min: number; readonly max: number; readonly default: number | string }) =>
  [
    ['min', String(type.min)],
    ['max', String(type.max)],
    ['default', String(type.default)],
  ] as const;

function option(name: string, type: string, children: ReadonlyArray<readonly [string, string]>): string[] {
  return [
    `\t<option name="${name}" type="${type}">`,
    ...children.map(([element, text]) => `\t\t<${element}>${text}</${element}>`),
    '\t</option>',
  ];
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
