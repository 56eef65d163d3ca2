/**
 * The one option table: name, group, type, range, default and unit of every option of drbd.conf and drbdsetup.
 * The order within a group is the order of `show --show-defaults` and of the lists in drbdadm's error messages.
 * Sources: config.md 4.1 to 4.8, setup.md 9.1 to 9.5.
 */
import type {
  BooleanType,
  EnumType,
  NumberOrWordType,
  NumberType,
  NumberUnit,
  OptionGroup,
  OptionRow,
  OptionType,
  SetupCommand,
  StringType,
  UnitNote,
} from './option';

const yes: BooleanType = { kind: 'boolean', default: true };
const no: BooleanType = { kind: 'boolean', default: false };

function num(min: number, max: number, fallback: number, note?: UnitNote, unit: NumberUnit = '1'): NumberType {
  return { kind: 'number', min, max, default: fallback, unit, ...(note ? { note } : {}) };
}

/** The first word is the default unless another one is named. */
function words(list: string, fallback?: string): EnumType {
  const all = list.split(' ');
  return { kind: 'enum', words: all, default: fallback ?? all[0] ?? '' };
}

function str(maxBytes = Number.MAX_SAFE_INTEGER): StringType {
  return { kind: 'string', maxBytes, default: '' };
}

const quorum: NumberOrWordType = {
  kind: 'number-or-word',
  min: 1,
  max: 32,
  words: { off: 0, majority: 1024, all: 1025 },
  default: 'off',
};

function rows(
  group: OptionGroup,
  commands: readonly SetupCommand[],
  types: Readonly<Record<string, OptionType | { type: OptionType; commands: readonly SetupCommand[] }>>,
): readonly OptionRow[] {
  return Object.entries(types).map(([name, entry]) =>
    'type' in entry
      ? { name, group, type: entry.type, commands: entry.commands }
      : { name, group, type: entry, commands },
  );
}

const SOCKET_BUFFER = num(0, 134217728, 0, 'bytes');
const RDMA_BUFFER = num(0, 10485760, 0);
const PING_TIMEOUT = num(1, 300, 5, '1/10 seconds');

export const netOptions = rows('net', ['new-peer', 'net-options'], {
  transport: { type: str(63), commands: ['new-peer'] },
  'load-balance-paths': { type: no, commands: ['new-peer'] },
  protocol: { kind: 'enum', words: ['A', 'B', 'C'], default: 'C', letterCase: 'ignored' },
  timeout: num(1, 600, 60, '1/10 seconds'),
  'max-epoch-size': num(1, 20000, 2048),
  'connect-int': num(1, 120, 10, 'seconds'),
  'ping-int': num(1, 120, 10, 'seconds'),
  'sndbuf-size': SOCKET_BUFFER,
  'rcvbuf-size': SOCKET_BUFFER,
  'ko-count': num(0, 200, 7),
  'allow-two-primaries': no,
  'cram-hmac-alg': str(63),
  'shared-secret': str(63),
  'after-sb-0pri': words(
    'disconnect discard-younger-primary discard-older-primary discard-zero-changes discard-least-changes discard-local discard-remote',
  ),
  'after-sb-1pri': words('disconnect consensus discard-secondary call-pri-lost-after-sb violently-as0p'),
  'after-sb-2pri': words('disconnect call-pri-lost-after-sb violently-as0p'),
  'always-asbp': no,
  'rr-conflict': words('disconnect call-pri-lost violently retry-connect auto-discard'),
  'ping-timeout': PING_TIMEOUT,
  'data-integrity-alg': str(63),
  'tcp-cork': yes,
  'on-congestion': words('block pull-ahead disconnect'),
  'congestion-fill': num(0, 20971520, 0, 'bytes', 's'),
  'congestion-extents': num(67, 65534, 1237),
  'csums-alg': str(63),
  'csums-after-crash-only': no,
  'verify-alg': str(63),
  'use-rle': yes,
  'socket-check-timeout': num(0, 300, 0),
  fencing: words('dont-care resource-only resource-and-stonith'),
  'max-buffers': num(32, 131072, 2048),
  'allow-remote-read': yes,
  tls: no,
  'tls-keyring': str(),
  'tls-privkey': str(),
  'tls-certificate': str(),
  'rdma-ctrl-rcvbuf-size': RDMA_BUFFER,
  'rdma-ctrl-sndbuf-size': RDMA_BUFFER,
  _name: str(63),
});

export const diskOptions = rows('disk', ['attach', 'disk-options'], {
  size: { type: num(0, 2199023255552, 0, 'bytes', 's'), commands: ['attach', 'resize'] },
  'on-io-error': words('pass_on call-local-io-error detach', 'detach'),
  'disk-barrier': no,
  'disk-flushes': yes,
  'disk-drain': yes,
  'md-flushes': yes,
  'resync-after': { kind: 'minor-reference', min: -1, max: 1048575, default: -1 },
  'al-extents': { ...num(67, 65534, 1237), range: 'unchecked' },
  'al-updates': yes,
  'discard-zeroes-if-aligned': yes,
  'disable-write-same': no,
  'disk-timeout': num(0, 6000, 0, '1/10 seconds'),
  'read-balancing': words(
    'prefer-local prefer-remote round-robin least-pending when-congested-remote 32K-striping 64K-striping 128K-striping 256K-striping 512K-striping 1M-striping',
  ),
  'rs-discard-granularity': num(0, 1048576, 0, 'bytes'),
  bitmap: yes,
});

export const peerDeviceOptions = rows('peer-device', ['peer-device-options'], {
  'resync-rate': num(1, 8388608, 250, 'bytes/second', 'k'),
  'c-plan-ahead': num(0, 300, 20, '1/10 seconds'),
  'c-delay-target': num(1, 100, 10, '1/10 seconds'),
  'c-fill-target': num(0, 1048576, 100, 'bytes', 's'),
  'c-max-rate': num(0, 4194304, 102400, 'bytes/second', 'k'),
  'c-min-rate': num(0, 4194304, 250, 'bytes/second', 'k'),
  bitmap: yes,
  'resync-without-replication': yes,
  'peer-tiebreaker': yes,
});

export const deviceOptions = rows('device', ['new-minor'], {
  'max-bio-size': num(512, 1048576, 1048576),
  diskless: { kind: 'flag' },
  'block-size': num(512, 4096, 512),
  // The default lies outside the range: it means "not set".
  'discard-granularity': num(0, 134217728, 4294967295),
});

export const resourceOptions = rows('resource', ['new-resource', 'resource-options'], {
  'cpu-mask': str(255),
  'on-no-data-accessible': words('io-error suspend-io'),
  'auto-promote': yes,
  'peer-ack-window': num(2048, 204800, 4096, 'bytes', 's'),
  'peer-ack-delay': num(1, 10000, 100, 'milliseconds'),
  'twopc-timeout': num(50, 600, 300, '1/10 seconds'),
  'twopc-retry-timeout': num(1, 50, 1, '1/10 seconds'),
  'auto-promote-timeout': num(0, 600, 20, '1/10 seconds'),
  'max-io-depth': num(4, 4294967295, 8000),
  quorum,
  'on-no-quorum': words('io-error suspend-io', 'suspend-io'),
  'quorum-minimum-redundancy': quorum,
  'on-suspended-primary-outdated': words('disconnect force-secondary'),
  'drbd8-api-compatibility': no,
});

export const handlerOptions = rows('handlers', [], {
  'pri-on-incon-degr': str(),
  'pri-lost-after-sb': str(),
  'pri-lost': str(),
  'initial-split-brain': str(),
  'split-brain': str(),
  'outdate-peer': str(),
  'fence-peer': str(),
  'unfence-peer': str(),
  'local-io-error': str(),
  'before-resync-target': str(),
  'after-resync-target': str(),
  'before-resync-source': str(),
  'out-of-sync': str(),
  'quorum-lost': str(),
  disconnected: str(),
});

const WAIT_SECONDS = num(0, 300000, 0, 'seconds');

export const startupOptions = rows('startup', [], {
  'wfc-timeout': WAIT_SECONDS,
  'degr-wfc-timeout': WAIT_SECONDS,
  'outdated-wfc-timeout': WAIT_SECONDS,
  'wait-after-sb': no,
});

const UNLIMITED = num(0, Number.MAX_SAFE_INTEGER, 0);

export const proxyOptions = rows('proxy', [], {
  memlimit: UNLIMITED,
  'read-loops': UNLIMITED,
  compression: UNLIMITED,
  bwlimit: UNLIMITED,
  'sndbuf-size': SOCKET_BUFFER,
  'rcvbuf-size': SOCKET_BUFFER,
  'ping-timeout': PING_TIMEOUT,
});

/** Every row, by group. */
export const optionTable: Readonly<Record<OptionGroup, readonly OptionRow[]>> = {
  net: netOptions,
  disk: diskOptions,
  'peer-device': peerDeviceOptions,
  device: deviceOptions,
  resource: resourceOptions,
  handlers: handlerOptions,
  startup: startupOptions,
  proxy: proxyOptions,
};

const byName: ReadonlyMap<string, ReadonlyMap<string, OptionRow>> = new Map(
  Object.entries(optionTable).map(([group, options]) => [group, new Map(options.map((row) => [row.name, row]))]),
);

export function findOption(group: OptionGroup, name: string): OptionRow | undefined {
  return byName.get(group)?.get(name);
}

/** The options that a drbdsetup command takes, in the order of `show --show-defaults`. */
export function optionsOfCommand(command: SetupCommand): readonly OptionRow[] {
  return Object.values(optionTable).flatMap((group) => group.filter((row) => row.commands.includes(command)));
}
