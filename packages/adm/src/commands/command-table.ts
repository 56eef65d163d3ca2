/** The commands: what each is, what it works on and what it accepts. Source: adm.md 2.1, 2.2. */
import type { OptionListName } from './option-lists';

/** Whose list shows it; `hidden`: none does. */
export type Audience = 'user' | 'script' | 'kernel' | 'expert' | 'hidden';

export interface CommandRow {
  readonly audience: Audience;
  /**
   * `required`; `optional`: without names it means all; `ignored`: it takes none and says so. `all` alone chooses
   * every resource of this host.
   */
  readonly names: 'required' | 'optional' | 'ignored';
  /** What it is done to, outer loop first. `resource`: once. */
  readonly iterates: 'resource' | 'volumes' | 'peers' | 'volumes-peers' | 'peers-paths' | 'volumes-peers-paths';
  readonly volume: 'refused' | 'accepted' | 'required';
  /** It needs the local volume's backing disk. */
  readonly needsDisk?: true;
  /** The address of this host's `on` section must be configured here. */
  readonly checksAddress?: true;
  /** Absent: it takes no options, and its help has no list of them. */
  readonly options?: OptionListName;
}

const user = { audience: 'user', names: 'required' } as const;
const script = { audience: 'script', names: 'required', volume: 'accepted' } as const;
const expert = { audience: 'expert', names: 'required' } as const;
const kernel = { audience: 'kernel', names: 'required', iterates: 'resource', volume: 'refused' } as const;

const whole = { iterates: 'resource', volume: 'refused' } as const;
const volumes = { iterates: 'volumes', volume: 'accepted' } as const;
const oneVolume = { iterates: 'volumes', volume: 'required' } as const;
const peers = { iterates: 'peers', volume: 'refused' } as const;
const paths = { iterates: 'peers-paths', volume: 'refused' } as const;
const peerDevices = { iterates: 'volumes-peers', volume: 'accepted' } as const;
const anyPart = { iterates: 'resource', volume: 'accepted' } as const;

/**
 * The order matters where long options are cut to a prefix: getopt lists the possibilities in the order in which the
 * commands brought them in.
 */
export const COMMANDS = {
  attach: { ...user, ...volumes, needsDisk: true, options: 'disk' },
  'disk-options': { ...user, ...volumes, needsDisk: true, options: 'disk' },
  detach: { ...user, ...volumes, needsDisk: true, options: 'detach' },
  'new-peer': { ...user, ...peers, checksAddress: true, options: 'new-peer' },
  'del-peer': { ...user, ...peers, checksAddress: true, options: 'force' },
  'new-path': { ...user, ...paths, checksAddress: true, options: 'none' },
  'del-path': { ...user, ...paths, checksAddress: true, options: 'none' },
  connect: { ...user, ...peers, checksAddress: true, options: 'connect' },
  'net-options': { ...user, ...peers, checksAddress: true, options: 'net' },
  disconnect: { ...user, ...peers, options: 'force' },
  up: { ...user, ...whole, checksAddress: true },
  'resource-options': { ...user, ...whole, options: 'resource' },
  'peer-device-options': { ...user, ...peerDevices, options: 'peer-device' },
  down: { ...user, ...whole },
  primary: { ...user, ...whole, options: 'force' },
  secondary: { ...user, ...whole, options: 'force' },
  invalidate: { ...user, ...volumes, needsDisk: true, options: 'invalidate' },
  'invalidate-remote': { ...user, ...peerDevices, options: 'invalidate-remote' },
  outdate: { ...user, ...volumes },
  resize: { ...user, ...volumes, needsDisk: true, options: 'resize' },
  verify: { ...user, ...peerDevices, options: 'verify' },
  'pause-sync': { ...user, ...peerDevices },
  'resume-sync': { ...user, ...peerDevices },
  adjust: { ...user, ...anyPart, checksAddress: true, options: 'adjust' },
  'adjust-with-progress': { ...user, ...whole, checksAddress: true },
  'wait-connect': { ...user, ...anyPart, checksAddress: true },
  'wait-sync': { ...user, ...anyPart, checksAddress: true },
  'wait-con-int': { ...user, ...whole, names: 'ignored' },
  role: { ...user, ...whole },
  'peer-role': { ...user, ...peers, audience: 'hidden' },
  cstate: { ...user, ...peers },
  dstate: { ...user, ...volumes, options: 'meta' },
  status: { ...user, ...whole, names: 'optional', options: 'status' },
  dump: { ...user, ...anyPart, names: 'optional', checksAddress: true },
  'dump-xml': { ...user, ...whole, names: 'optional', checksAddress: true },
  'create-md': { ...user, ...volumes, needsDisk: true, options: 'create-md' },
  'show-gi': { ...user, ...peerDevices, needsDisk: true, options: 'meta' },
  'get-gi': { ...user, ...peerDevices, needsDisk: true, options: 'meta' },
  'dump-md': { ...user, ...volumes, needsDisk: true, options: 'meta' },
  'dump-superblock': { ...user, ...volumes, needsDisk: true, options: 'dump-superblock' },
  'wipe-md': { ...user, ...volumes, needsDisk: true, options: 'meta' },
  'apply-al': { ...user, ...volumes, needsDisk: true, options: 'meta' },
  'repair-md': { ...user, ...volumes, needsDisk: true, options: 'repair-md' },
  'forget-peer': { ...user, ...peers, options: 'meta' },
  'hidden-commands': { ...user, ...whole, names: 'optional' },

  'new-resource': { ...script, ...whole, options: 'resource' },
  'proxy-up': { ...script, ...peers },
  'proxy-down': { ...script, ...peers },
  'sh-nop': { ...script, ...whole, names: 'ignored' },
  'sh-resources': { ...script, ...whole, names: 'ignored' },
  'sh-resource': { ...script, ...anyPart },
  'sh-list-adjustable': { ...script, ...anyPart, options: 'adjust' },
  'sh-list-config-file': { ...script, ...anyPart },
  'sh-mod-parms': { ...script, ...whole, names: 'ignored' },
  'sh-dev': { ...script, ...volumes },
  'sh-udev': { ...script, ...oneVolume },
  'sh-minor': { ...script, ...volumes },
  'sh-ll-dev': { ...script, ...volumes },
  'sh-md-dev': { ...script, ...volumes, needsDisk: true },
  'sh-md-idx': { ...script, ...volumes, needsDisk: true },
  'sh-ip': { ...script, iterates: 'volumes-peers-paths' },
  'sh-lr-of': { ...script, ...volumes },

  'before-resync-target': kernel,
  'after-resync-target': kernel,
  'before-resync-source': kernel,
  'pri-on-incon-degr': kernel,
  'pri-lost-after-sb': kernel,
  'fence-peer': kernel,
  'local-io-error': kernel,
  'pri-lost': kernel,
  'initial-split-brain': kernel,
  'split-brain': kernel,
  'out-of-sync': kernel,
  'unfence-peer': kernel,
  'quorum-lost': kernel,
  disconnected: kernel,

  'new-minor': { ...expert, ...volumes, options: 'device' },
  'del-minor': { ...expert, ...volumes },
  'suspend-io': { ...expert, ...volumes, options: 'suspend-io' },
  'resume-io': { ...expert, ...volumes },
  'set-gi': { ...expert, iterates: 'volumes-peers', volume: 'required', needsDisk: true, options: 'none' },
  'new-current-uuid': { ...expert, ...oneVolume, options: 'new-current-uuid' },
  'check-resize': { ...expert, ...volumes },
} as const satisfies Readonly<Record<string, CommandRow>>;

export type CommandName = keyof typeof COMMANDS;

export function isCommandName(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

export function commandRow(name: CommandName): CommandRow {
  return COMMANDS[name];
}

export function commandsFor(audience: Audience): readonly CommandName[] {
  return (Object.keys(COMMANDS) as CommandName[]).filter((name) => COMMANDS[name].audience === audience);
}

/** Old names that still work, with a remark. */
export const ALIASES: Readonly<Record<string, CommandName>> = { state: 'role', 'outdate-peer': 'fence-peer' };

/** The commands that the engine calls when something happened; the configuration says what they do. */
export function isHandler(name: CommandName): boolean {
  return COMMANDS[name].audience === 'kernel';
}
