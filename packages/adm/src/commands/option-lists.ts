/**
 * The options that may follow a command, in the order of its help text; a `?` behind a name: its value may be left
 * out. They are passed on to the commands that drbdadm emits, without looking at their values. Source: adm.md 2.2,
 * transcripts of `help COMMAND`.
 */
import {
  deviceOptions,
  diskOptions,
  netOptions,
  peerDeviceOptions,
  resourceOptions,
  type OptionRow,
} from '@tsdrbd/config/options';
import type { OptionArgument } from '../command-line/getopt';

export interface PassedOption {
  readonly name: string;
  readonly argument: Exclude<OptionArgument, 'none'>;
}

function list(text: string): readonly PassedOption[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) =>
      word.endsWith('?') ? { name: word.slice(0, -1), argument: 'optional' } : { name: word, argument: 'required' },
    );
}

/** Options of the configuration, as the option table has them. */
function rows(options: readonly OptionRow[]): readonly PassedOption[] {
  return options.map(({ name, type }) => ({
    name,
    argument: type.kind === 'boolean' || type.kind === 'flag' ? 'optional' : 'required',
  }));
}

export const OPTION_LISTS = {
  none: [],
  disk: rows(diskOptions),
  net: rows(netOptions.filter(({ commands }) => commands.includes('net-options'))),
  'new-peer': rows(netOptions),
  resource: rows(resourceOptions),
  'peer-device': rows(peerDeviceOptions),
  device: rows(deviceOptions),
  detach: list('force? diskless?'),
  force: list('force?'),
  connect: list('tentative? discard-my-data?'),
  resize: list('size assume-peer-has-space? assume-clean? al-stripes al-stripe-size-kB'),
  invalidate: list('force? sync-from-peer-node-id reset-bitmap?'),
  'invalidate-in-setup': list('sync-from-peer-node-id reset-bitmap?'),
  'invalidate-remote': list('reset-bitmap?'),
  verify: list('start stop'),
  'new-current-uuid': list('clear-bitmap? force-resync?'),
  'suspend-io': list('bdev-freeze?'),
  status: list('statistics?'),
  adjust: list('skip-disk? skip-net? tentative? discard-my-data?'),
  'create-md': list(`max-peers peer-max-bio-size al-stripes al-stripe-size-kB force? effective-size bitmap-block-size
    diskful-peers initial-current-uuid consistent? uptodate? peers-outdated? rotate-uuids?`),
  meta: list('force? quiet?'),
  'dump-superblock': list('force? output-format quiet?'),
  'repair-md': list('tentative? force? quiet?'),
} as const satisfies Readonly<Record<string, readonly PassedOption[]>>;

export type OptionListName = keyof typeof OPTION_LISTS;
