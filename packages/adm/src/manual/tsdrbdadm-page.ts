/** tsdrbdadm(8), made of the tables of commands and options. */
import { GENERAL_OPTIONS, type GeneralOption } from '../command-line/general-options';
import { commandRow, commandsFor, type Audience, type CommandName } from '../commands/command-table';
import { OPTION_LISTS } from '../commands/option-lists';
import { COMMAND_TEXTS } from './command-texts';
import { bold, escapeRoff, example, heading, italic, paragraphs, tagged, title } from './roff';

export function tsdrbdadmPage(): string {
  const parts = [
    title('tsdrbdadm', 8, 'System Administration'),
    heading('section', 'NAME'),
    'tsdrbdadm \\- set up and administer DRBD resources by their configuration',
    heading('section', 'SYNOPSIS'),
    `${bold('tsdrbdadm')} [${italic('options')}] ${italic('COMMAND')} [${bold('all')} | ${italic('RESOURCE')} ...]`,
    heading('section', 'DESCRIPTION'),
    paragraphs(
      'Reads drbd.conf, finds out what the command means for this host, and has tsdrbdsetup(8) and tsdrbdmeta(8) do it. Commands, options, messages and exit codes are those of drbdadm of drbd-utils 9.34.',
      'A command takes effect on the resources that are named, or on all of this host; all leaves stacked resources out, with --stacked it means only those. A resource is named as',
    ),
    ...NAME_FORMS.map(([form, text]) => tagged(italic(form), escapeRoff(text))),
    heading('section', 'OPTIONS'),
    ...GENERAL_OPTIONS.map(({ name, letter, argument }) => {
      const value = argument === 'none' ? '' : ` ${italic('ARGUMENT')}`;
      return tagged(`${bold(`-${letter}`)}, ${bold(`--${name}`)}${value}`, escapeRoff(OPTION_TEXTS[name]));
    }),
    ...SECTIONS.flatMap(([audience, name, text]) => [
      heading('section', name),
      ...(text === '' ? [] : [paragraphs(text)]),
      ...commandsOf(audience).map(commandParagraph),
    ]),
    heading('section', 'EXIT STATUS'),
    ...EXIT_CODES.map(([code, text]) => tagged(bold(code), escapeRoff(text))),
    heading('section', 'ENVIRONMENT'),
    ...VARIABLES.map(([name, text]) => tagged(bold(name), escapeRoff(text))),
    heading('section', 'FILES'),
    tagged('/etc/drbd.conf', escapeRoff('The configuration; /etc/drbd-90.conf and its older names go before it.')),
    heading('section', 'EXAMPLES'),
    example(
      'tsdrbdadm create-md r0\ntsdrbdadm up r0\ntsdrbdadm primary --force r0     # the first time, on one host\ntsdrbdadm -d adjust all          # what would be done',
    ),
    heading('section', 'SEE ALSO'),
    '.BR tsdrbd.conf (5),\n.BR tsdrbdmeta (8)',
  ];
  return `${parts.join('\n')}\n`;
}

const NAME_FORMS: readonly (readonly [string, string])[] = [
  ['RESOURCE', 'all of it,'],
  ['RESOURCE/VOLUME', 'one volume,'],
  ['RESOURCE:PEER', 'the connection to a host,'],
  ['RESOURCE:PEER/VOLUME', 'one volume towards a host,'],
  ['minor-N', 'the volume with that minor number.'],
];

const OPTION_TEXTS: Readonly<Record<GeneralOption, string>> = {
  stacked: 'Work on stacked resources.',
  'dry-run': 'Print the commands, and run none.',
  verbose:
    'Print commands before they are run. Twice: what is scheduled too; three times: what adjust found different; four times: what it found equal.',
  'config-file': 'The configuration; - is standard input.',
  'config-to-test': 'A file that is read after the configuration; for dump, dump-xml and sh-nop.',
  'config-to-exclude': 'A file that include statements pass over.',
  drbdsetup: 'The program to call in the place of tsdrbdsetup.',
  drbdmeta: 'The program to call in the place of tsdrbdmeta.',
  'drbd-proxy-ctl': 'The name that is printed for proxies.',
  'sh-varname': 'Print NAME=RESOURCE before each command.',
  version: 'Print the version.',
  'setup-option': 'Pass a word on without checking it.',
  help: 'Print help; with a command its options.',
};

const SECTIONS: readonly (readonly [Audience, string, string])[] = [
  ['user', 'COMMANDS', ''],
  ['script', 'COMMANDS FOR SCRIPTS', ''],
  ['expert', 'COMMANDS FOR EXPERTS', ''],
  [
    'kernel',
    'HANDLERS',
    'The engine calls these when something has happened; each runs what the handlers section of the configuration says, with the variables of tsdrbd.conf(5).',
  ],
];

/** Hidden ones stand with the others. */
function commandsOf(audience: Audience): readonly CommandName[] {
  const hidden = audience === 'user' ? commandsFor('hidden') : [];
  return [...commandsFor(audience), ...hidden].sort();
}

function commandParagraph(name: CommandName): string {
  const { options, needsDisk } = commandRow(name);
  const list = options === undefined ? [] : OPTION_LISTS[options];
  const words = list.map(({ name: option, argument }) =>
    bold(`--${option}`).concat(argument === 'required' ? `=${italic('VALUE')}` : `[=${italic('VALUE')}]`),
  );
  return tagged(
    bold(name),
    escapeRoff(COMMAND_TEXTS[name] + (needsDisk === true ? ' It needs a disk here.' : '')),
    ...(words.length === 0 ? [] : ['.br', `Options: ${words.join(', ')}`]),
  );
}

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'Done.'],
  ['1', 'Wrong usage, nothing to do, or a scheduled command failed.'],
  ['5', 'A wait was too long.'],
  ['10', 'The configuration is invalid.'],
  ['20', 'A file cannot be read, a program not be run, or it did not end in time.'],
  ['other', 'What the command that failed ended with.'],
];

const VARIABLES: readonly (readonly [string, string])[] = [
  ['__DRBD_NODE__', 'The host name to work with.'],
  ['FAKE_DRBDSETUP_SHOW', 'A file with the running state that adjust compares with, for tests.'],
  ['DRBD_DRIVER_VERSION_OVERRIDE', 'What require-drbd-module-version statements compare with.'],
  ['TSDRBD_RUN_DIR', 'The run directory of the engine.'],
];
