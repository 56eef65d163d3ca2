/** The commands: what each is, and what it accepts. Source: metadata.md 6.2. */
export interface CommandRow {
  /** `modifies`: refused while the device is in use. */
  readonly access: 'reads' | 'modifies';
  readonly nodeId: 'required' | 'refused';
  /** How many words it takes after its name. */
  readonly wordCountMax: number;
  /** What follows its name in the usage text; null: not in it. */
  readonly usage: string | null;
}

export const COMMANDS = {
  'get-gi': { access: 'reads', nodeId: 'required', wordCountMax: 0, usage: '--node-id {val} ' },
  'show-gi': { access: 'reads', nodeId: 'required', wordCountMax: 0, usage: '--node-id {val} ' },
  'dump-md': { access: 'reads', nodeId: 'refused', wordCountMax: 0, usage: '' },
  'dump-superblock': {
    access: 'reads',
    nodeId: 'refused',
    wordCountMax: 0,
    usage: '[--output-format={binary,hex,json}]',
  },
  'hexdump-superblock': { access: 'reads', nodeId: 'refused', wordCountMax: 0, usage: '' },
  'restore-md': { access: 'modifies', nodeId: 'refused', wordCountMax: 1, usage: 'file' },
  'verify-dump': { access: 'reads', nodeId: 'refused', wordCountMax: 1, usage: 'file' },
  'apply-al': { access: 'modifies', nodeId: 'refused', wordCountMax: 0, usage: '' },
  'wipe-md': { access: 'modifies', nodeId: 'refused', wordCountMax: 0, usage: '' },
  outdate: { access: 'modifies', nodeId: 'refused', wordCountMax: 0, usage: '' },
  invalidate: { access: 'modifies', nodeId: 'refused', wordCountMax: 0, usage: '' },
  dstate: { access: 'reads', nodeId: 'refused', wordCountMax: 0, usage: '' },
  'check-resize': { access: 'modifies', nodeId: 'refused', wordCountMax: 0, usage: '' },
  'create-md': {
    access: 'modifies',
    nodeId: 'refused',
    wordCountMax: 1,
    usage:
      '[--effective-size {val}] [--diskful-peers {val}] [--peer-max-bio-size {val}] [--al-stripes {val}] ' +
      '[--al-stripe-size-kB {val}] [--bitmap-block-size {val}] {max_peers}',
  },
  'forget-peer': { access: 'modifies', nodeId: 'required', wordCountMax: 0, usage: '--node-id {val} ' },
  'repair-md': { access: 'modifies', nodeId: 'refused', wordCountMax: 0, usage: '[--tentative]' },
  'read-dev-uuid': { access: 'reads', nodeId: 'refused', wordCountMax: 0, usage: null },
  'write-dev-uuid': { access: 'modifies', nodeId: 'refused', wordCountMax: 1, usage: null },
  'set-gi': { access: 'modifies', nodeId: 'required', wordCountMax: 1, usage: null },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof COMMANDS;

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/** Starts with an empty line. Source: transcript usage-errors. */
export function usageText(programName: string): string {
  const commands = Object.entries<CommandRow>(COMMANDS)
    .filter(([, { usage }]) => usage !== null)
    .map(([name, { usage }]) => `  ${name} ${usage}\n`);
  return (
    `\nUSAGE: ${programName} [--force] [--quiet] DEVICE FORMAT [FORMAT ARGS...] COMMAND [CMD ARGS...]\n` +
    '\nFORMATS:\n  v06 minor\n  v07 device index\n  v08 device index\n  v09 device index\n' +
    `\nCOMMANDS:\n${commands.join('')}` +
    // Called by the original's name it says what the original says.
    (programName === 'drbdmeta' ? '' : shortFormText(programName))
  );
}

function shortFormText(programName: string): string {
  return (
    `\nBY HAND:\n  ${programName} COMMAND [RESOURCE[/VOLUME] | PATH] [CMD ARGS...]\n` +
    '  A PATH begins with / or ./ ; without either: the only resource of drbd.conf.\n' +
    '  [--config-file {val}] [--max-peers {val}] [--format {val}] [--index {val}]\n'
  );
}
