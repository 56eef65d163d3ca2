/** Completions of tsdrbdadm for shells, made of the tables of commands and options. */
import { GENERAL_OPTIONS } from '../command-line/general-options';
import { COMMANDS, commandRow, type CommandName } from '../commands/command-table';
import { OPTION_LISTS } from '../commands/option-lists';
import { COMMAND_TEXTS } from './command-texts';

const NAMES = Object.keys(COMMANDS) as CommandName[];

/** `--name`, with `=` where a value must follow. */
function optionsOf(name: CommandName): readonly string[] {
  const { options } = commandRow(name);
  const list = options === undefined ? [] : OPTION_LISTS[options];
  return list.map(({ name: option, argument }) => `--${option}${argument === 'required' ? '=' : ''}`);
}

const GENERAL = GENERAL_OPTIONS.map(({ name, argument }) => `--${name}${argument === 'required' ? '=' : ''}`);
const GENERAL_WITH_VALUE = GENERAL_OPTIONS.filter(({ argument }) => argument === 'required');

/** Their values are files. */
const FILE_OPTIONS = GENERAL_WITH_VALUE.filter(({ name }) => name !== 'sh-varname' && name !== 'setup-option');

const isFile = (option: string) => FILE_OPTIONS.some(({ name }) => name === option);

/** What can stand in the place of a command. */
const TEXTS: Readonly<Record<string, string>> = {
  help: 'Explains how it is called, or one command.',
  ...COMMAND_TEXTS,
};

export function bashCompletion(): string {
  const cases = NAMES.filter((name) => optionsOf(name).length > 0).map(
    (name) => `        ${name}) options="$options ${optionsOf(name).join(' ')}" ;;`,
  );
  const skipping = GENERAL_WITH_VALUE.map(({ name, letter }) => `-${letter}|--${name}`).join('|');
  return `# bash completion for tsdrbdadm, and for drbdadm where it is installed under that name

_tsdrbdadm() {
    local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
    local commands="${['help', ...NAMES].join(' ')}"
    local options="${GENERAL.join(' ')}" command="" config=() index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "\${COMP_WORDS[index]}" in
            -c|--config-file) config=(-c "\${COMP_WORDS[index+1]}"); ((index++)) ;;
            ${skipping}) ((index++)) ;;
            -*|=) ;;
            *) [ -n "$command" ] || command="\${COMP_WORDS[index]}" ;;
        esac
    done
    case "$previous" in
        ${FILE_OPTIONS.map(({ name, letter }) => `-${letter}|--${name}`).join('|')})
            COMPREPLY=($(compgen -f -- "$current"))
            return ;;
    esac
    case "$command" in
${cases.join('\n')}
    esac
    if [[ "$current" == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
        [[ "\${COMPREPLY[0]}" == *= ]] && compopt -o nospace
    elif [ -z "$command" ] || [ "$command" = help ]; then
        COMPREPLY=($(compgen -W "$commands" -- "$current"))
    else
        COMPREPLY=($(compgen -W "all $("\${COMP_WORDS[0]}" "\${config[@]}" sh-resources 2>/dev/null)" -- "$current"))
    fi
}
complete -F _tsdrbdadm tsdrbdadm drbdadm
`;
}

export function zshCompletion(): string {
  const commands = Object.entries(TEXTS).map(
    ([name, text]) => `        '${name}:${quoted(text.replace(/:/g, '\\:'))}'`,
  );
  const cases = NAMES.filter((name) => optionsOf(name).length > 0).map(
    (name) => `        ${name}) options+=(${optionsOf(name).join(' ')}) ;;`,
  );
  return `#compdef tsdrbdadm drbdadm

_tsdrbdadm() {
    local command word
    local -a commands options config
    commands=(
${commands.join('\n')}
    )
    options=(${GENERAL.join(' ')})
    for word in \${words[2,CURRENT-1]}; do
        [[ -z $command && -n "\${commands[(r)$word:*]}" ]] && command=$word
    done
    case \${words[CURRENT-1]} in
        ${FILE_OPTIONS.map(({ name, letter }) => `-${letter}|--${name}`).join('|')}) _files; return ;;
    esac
    [[ -n \${words[(r)-c]} ]] && config=(-c \${words[\${words[(i)-c]}+1]})
    case $command in
${cases.join('\n')}
    esac
    if [[ $PREFIX == -* ]]; then
        compadd -S '' -- $options
    elif [[ -z $command || $command = help ]]; then
        _describe command commands
    else
        compadd all \${(f)"$(\${words[1]} $config sh-resources 2>/dev/null)"}
    fi
}
_tsdrbdadm "$@"
`;
}

export function fishCompletion(): string {
  const lines = [
    '# fish completion for tsdrbdadm',
    'function __tsdrbdadm_has_command',
    `    __fish_seen_subcommand_from ${NAMES.join(' ')}`,
    'end',
    'function __tsdrbdadm_resources',
    '    set -l words (commandline -opc)',
    '    set -l config',
    '    for index in (seq 2 (count $words))',
    '        contains -- $words[$index] -c --config-file; and set config -c $words[(math $index + 1)]',
    '    end',
    '    echo all',
    '    $words[1] $config sh-resources 2>/dev/null',
    'end',
    'complete -c tsdrbdadm -f',
    ...Object.entries(TEXTS).map(
      ([name, text]) => `complete -c tsdrbdadm -n 'not __tsdrbdadm_has_command' -a ${name} -d '${quoted(text)}'`,
    ),
    "complete -c tsdrbdadm -n __tsdrbdadm_has_command -a '(__tsdrbdadm_resources)'",
    ...GENERAL_OPTIONS.map(
      ({ name, letter, argument }) =>
        `complete -c tsdrbdadm -l ${name} -s ${letter}${argument === 'required' ? (isFile(name) ? ' -r -F' : ' -x') : ''}`,
    ),
    ...NAMES.flatMap((name) =>
      optionsOf(name).map((option) => {
        const bare = option.replace(/^--|=$/g, '');
        const value = option.endsWith('=') ? ' -r' : '';
        return `complete -c tsdrbdadm -n '__fish_seen_subcommand_from ${name}' -l ${bare}${value}`;
      }),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return text.replace(/'/g, '’');
}
