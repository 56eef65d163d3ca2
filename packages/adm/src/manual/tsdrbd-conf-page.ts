/** tsdrbd.conf(5), made of the option table. */
import { defaultValue, optionTable, type OptionGroup, type OptionRow } from '@tsdrbd/config/options';
import { OPTION_TEXTS } from './option-texts';
import { bold, escapeRoff, example, heading, italic, paragraphs, tagged, title } from './roff';

export function tsdrbdConfPage(): string {
  const parts = [
    title('tsdrbd.conf', 5, 'File Formats'),
    heading('section', 'NAME'),
    'tsdrbd.conf \\- configuration of DRBD resources, as tsdrbdadm reads it from drbd.conf',
    heading('section', 'DESCRIPTION'),
    paragraphs(
      'The file is that of DRBD, /etc/drbd.conf, in the language of drbd-utils 9.34. It consists of words, statements that end with a semicolon, and sections in braces. # begins a comment. Words with other characters than letters, digits and . _ - / stand in double quotes, in which a backslash takes the meaning of the next character away. The same file serves on all hosts.',
      'A value that is set in an inner section goes before one of an outer section: connection and volume before resource, resource before common. What two outer sections set to different values is refused.',
    ),
    example(EXAMPLE),
    heading('section', 'SECTIONS AND STATEMENTS'),
    ...STATEMENTS.map(([words, text]) => tagged(bold(words), escapeRoff(text))),
    heading('section', 'OPTIONS'),
    paragraphs(
      'A number may have a unit letter: k, M and G are powers of 1024, s is 512. Without one it counts in the unit that is given. A yes/no option without a value means yes; no- in front of its name means no.',
    ),
    ...GROUPS.flatMap(([group, name, text]) => [
      heading('subsection', name),
      ...(text === '' ? [] : [paragraphs(text)]),
      ...optionTable[group].map(optionParagraph),
    ]),
    heading('section', 'SEE ALSO'),
    '.BR tsdrbdadm (8),\n.BR tsdrbdmeta (8)',
  ];
  return `${parts.join('\n')}\n`;
}

const EXAMPLE = `global { usage-count no; }
common { net { protocol C; } }
resource r0 {
    net { cram-hmac-alg sha256; shared-secret "a long secret"; }
    volume 0 { device minor 0; disk /dev/vg/r0; meta-disk internal; }
    on alice { node-id 0; address 10.0.0.1:7789; }
    on bob   { node-id 1; address 10.0.0.2:7789; }
}`;

const STATEMENTS: readonly (readonly [string, string])[] = [
  ['include PATTERN;', 'Reads files; each once. Relative names start at the directory of the file.'],
  [
    'global { }',
    'minor-count, dialog-refresh, disable-ip-verification, udev-always-use-vnr, cmd-timeout-short, cmd-timeout-medium, cmd-timeout-long, usage-count (accepted; nothing is ever reported).',
  ],
  ['common { }', 'What holds for all resources.'],
  ['resource NAME { }', 'A resource: its options, volumes, hosts and connections.'],
  ['template-file PATH;', 'A file whose common section takes the place of the common section for this resource.'],
  ['on HOST ... { }', 'One host of the resource: node-id, address, and volumes of its own.'],
  ['floating ADDRESS:PORT { }', 'A host that is known by its address.'],
  ['stacked-on-top-of RESOURCE { }', 'The hosts of a resource below, whose device is the disk of this one.'],
  ['volume N { }', 'device minor M; disk PATH or none; meta-disk internal, PATH or PATH [INDEX]; and a disk section.'],
  ['connection { }', 'Two host statements, or path sections with two each; net and disk sections; volume sections.'],
  ['connection-mesh { hosts HOST ...; }', 'Connections between all of these hosts.'],
  ['address [FAMILY] ADDRESS:PORT;', 'ipv4, ipv6 with the address in brackets, ssocks or sdp.'],
  ['via outside-address ADDRESS:PORT;', 'Behind a host statement: where peers connect to.'],
  ['via proxy on HOST { }', 'Read and shown; tsdrbd runs no proxy.'],
  ['skip ... { }', 'Passed over.'],
  ['require-drbd-module-version-{eq,ne,gt,ge,lt,le} VERSION;', 'Refuses the file for other versions.'],
  ['syncer { }, protocol in a resource, flexible-meta-disk', 'Forms of DRBD 8.3, taken as what they became.'],
];

const GROUPS: readonly (readonly [OptionGroup, string, string])[] = [
  ['net', 'net { }', ''],
  ['disk', 'disk { }', 'Of a volume’s disk.'],
  [
    'peer-device',
    'disk { }: resynchronization',
    'Of a volume towards a peer; they may stand in the disk section of a connection too.',
  ],
  ['device', 'disk { }: device', 'Of the device that applications see.'],
  ['resource', 'options { }', ''],
  [
    'startup',
    'startup { }',
    'become-primary-on is accepted; stacked-timeouts makes stacked resources wait by these timeouts.',
  ],
  [
    'handlers',
    'handlers { }',
    'Commands for the shell, run when something happened. DRBD_RESOURCE, DRBD_VOLUME, DRBD_MINOR, DRBD_PEERS and other variables are set.',
  ],
  ['proxy', 'proxy { }', ''],
];

function optionParagraph(row: OptionRow): string {
  const facts = [range(row), fallback(row)].filter((fact) => fact !== '').join('; ');
  const text = OPTION_TEXTS[row.group][row.name] ?? '';
  return tagged(`${bold(row.name)} ${italic(valueWord(row))}`, escapeRoff(facts === '' ? text : `${text} ${facts}.`));
}

function valueWord({ type }: OptionRow): string {
  switch (type.kind) {
    case 'boolean':
    case 'flag':
      return 'yes | no';
    case 'enum':
      return type.words.join(' | ');
    case 'number':
      return 'NUMBER';
    case 'number-or-word':
      return ['NUMBER', ...Object.keys(type.words)].join(' | ');
    case 'string':
      return 'TEXT';
    case 'minor-reference':
      return 'RESOURCE[/VOLUME]';
  }
}

const UNITS = { '1': '', s: 'sectors of 512 bytes', k: 'KiB' } as const;

function range({ type }: OptionRow): string {
  switch (type.kind) {
    case 'number': {
      const unit = UNITS[type.unit] || (type.note ?? '');
      const limits = type.max === Number.MAX_SAFE_INTEGER ? `From ${type.min}` : `From ${type.min} to ${type.max}`;
      return unit === '' ? limits : `${limits}, in ${unit}`;
    }
    case 'number-or-word':
      return `A number from ${type.min} to ${type.max}`;
    case 'string':
      return type.maxBytes === Number.MAX_SAFE_INTEGER ? '' : `At most ${type.maxBytes} bytes`;
    case 'boolean':
    case 'flag':
    case 'enum':
    case 'minor-reference':
      return '';
  }
}

function fallback({ type }: OptionRow): string {
  if (type.kind === 'string' || type.kind === 'flag' || type.kind === 'minor-reference') return '';
  if (type.kind === 'number' && (type.default < type.min || type.default > type.max)) return 'unset by default';
  const value = defaultValue(type);
  return `default ${typeof value === 'boolean' ? (value ? 'yes' : 'no') : value}`;
}
