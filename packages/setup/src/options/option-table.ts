/**
 * The options of drbdsetup in five groups, each in the order in which `show --show-defaults` lists them.
 * Source: setup.md 9.1 to 9.5. Ranges are for usage texts: drbdsetup does not enforce them (setup.md 1.2).
 */
import { boolean, choice, flag, key, number, text } from './option-row';
import type { OptionRow } from './option-row';

const UINT32_MAX = 4294967295;
const SIZE_SECTORS_MAX = 2199023255552;
const TENTHS = { note: '1/10 seconds' };
const SECONDS = { note: 'seconds' };
const BYTES = { note: 'bytes' };
const SECTORS = { unit: 's', note: 'bytes' } as const;
const KIB_PER_SECOND = { unit: 'k', note: 'bytes/second' } as const;

const quorumLike = (name: string): OptionRow => ({
  name,
  type: { kind: 'number-or-word', words: ['off', 'majority', 'all'], min: 1, max: 32, default: 'off' },
});

export const SIZE_OPTION: OptionRow = number('size', 0, SIZE_SECTORS_MAX, 0, SECTORS);

export const RESOURCE_OPTIONS: readonly OptionRow[] = [
  text('cpu-mask'),
  choice('on-no-data-accessible', ['io-error', 'suspend-io']),
  boolean('auto-promote', 'yes'),
  number('peer-ack-window', 2048, 204800, 4096, SECTORS),
  number('peer-ack-delay', 1, 10000, 100, { note: 'milliseconds' }),
  number('twopc-timeout', 50, 600, 300, TENTHS),
  number('twopc-retry-timeout', 1, 50, 1, TENTHS),
  number('auto-promote-timeout', 0, 600, 20, TENTHS),
  number('max-io-depth', 4, UINT32_MAX, 8000),
  quorumLike('quorum'),
  choice('on-no-quorum', ['io-error', 'suspend-io'], 'suspend-io'),
  quorumLike('quorum-minimum-redundancy'),
  choice('on-suspended-primary-outdated', ['disconnect', 'force-secondary']),
  boolean('drbd8-api-compatibility', 'no'),
];

export const DISK_OPTIONS: readonly OptionRow[] = [
  choice('on-io-error', ['pass_on', 'call-local-io-error', 'detach'], 'detach'),
  boolean('disk-barrier', 'no'),
  boolean('disk-flushes', 'yes'),
  boolean('disk-drain', 'yes'),
  boolean('md-flushes', 'yes'),
  number('resync-after', -1, 1048575, -1),
  number('al-extents', 67, 65534, 1237),
  boolean('al-updates', 'yes'),
  boolean('discard-zeroes-if-aligned', 'yes'),
  boolean('disable-write-same', 'no'),
  number('disk-timeout', 0, 6000, 0, TENTHS),
  choice('read-balancing', [
    'prefer-local',
    'prefer-remote',
    'round-robin',
    'least-pending',
    'when-congested-remote',
    '32K-striping',
    '64K-striping',
    '128K-striping',
    '256K-striping',
    '512K-striping',
    '1M-striping',
  ]),
  number('rs-discard-granularity', 0, 1048576, 0, BYTES),
  boolean('bitmap', 'yes'),
];

/** Those that only new-peer takes, then those that net-options takes too. */
export const NEW_PEER_ONLY_OPTIONS: readonly OptionRow[] = [text('transport'), boolean('load-balance-paths', 'no')];
export const NET_OPTIONS: readonly OptionRow[] = [
  { name: 'protocol', type: { kind: 'enum', words: ['A', 'B', 'C'], default: 'C', anyCase: true } },
  number('timeout', 1, 600, 60, TENTHS),
  number('max-epoch-size', 1, 20000, 2048),
  number('connect-int', 1, 120, 10, SECONDS),
  number('ping-int', 1, 120, 10, SECONDS),
  number('sndbuf-size', 0, 134217728, 0, BYTES),
  number('rcvbuf-size', 0, 134217728, 0, BYTES),
  number('ko-count', 0, 200, 7),
  boolean('allow-two-primaries', 'no'),
  text('cram-hmac-alg'),
  text('shared-secret'),
  choice('after-sb-0pri', [
    'disconnect',
    'discard-younger-primary',
    'discard-older-primary',
    'discard-zero-changes',
    'discard-least-changes',
    'discard-local',
    'discard-remote',
  ]),
  choice('after-sb-1pri', ['disconnect', 'consensus', 'discard-secondary', 'call-pri-lost-after-sb', 'violently-as0p']),
  choice('after-sb-2pri', ['disconnect', 'call-pri-lost-after-sb', 'violently-as0p']),
  boolean('always-asbp', 'no'),
  choice('rr-conflict', ['disconnect', 'call-pri-lost', 'violently', 'retry-connect', 'auto-discard']),
  number('ping-timeout', 1, 300, 5, TENTHS),
  text('data-integrity-alg'),
  boolean('tcp-cork', 'yes'),
  choice('on-congestion', ['block', 'pull-ahead', 'disconnect']),
  number('congestion-fill', 0, 20971520, 0, SECTORS),
  number('congestion-extents', 67, 65534, 1237),
  text('csums-alg'),
  boolean('csums-after-crash-only', 'no'),
  text('verify-alg'),
  boolean('use-rle', 'yes'),
  number('socket-check-timeout', 0, 300, 0),
  choice('fencing', ['dont-care', 'resource-only', 'resource-and-stonith']),
  number('max-buffers', 32, 131072, 2048),
  boolean('allow-remote-read', 'yes'),
  boolean('tls', 'no'),
  key('tls-keyring'),
  key('tls-privkey'),
  key('tls-certificate'),
  number('rdma-ctrl-rcvbuf-size', 0, 10485760, 0),
  number('rdma-ctrl-sndbuf-size', 0, 10485760, 0),
];
export const NAME_OPTION: OptionRow = text('_name');

export const PEER_DEVICE_OPTIONS: readonly OptionRow[] = [
  number('resync-rate', 1, 8388608, 250, KIB_PER_SECOND),
  number('c-plan-ahead', 0, 300, 20, TENTHS),
  number('c-delay-target', 1, 100, 10, TENTHS),
  number('c-fill-target', 0, 1048576, 100, SECTORS),
  number('c-max-rate', 0, 4194304, 102400, KIB_PER_SECOND),
  number('c-min-rate', 0, 4194304, 250, KIB_PER_SECOND),
  boolean('bitmap', 'yes'),
  boolean('resync-without-replication', 'yes'),
  boolean('peer-tiebreaker', 'yes'),
];

export const DEVICE_OPTIONS: readonly OptionRow[] = [
  number('max-bio-size', 512, 1048576, 1048576),
  flag('diskless'),
  number('block-size', 512, 4096, 512),
  number('discard-granularity', 0, 134217728, UINT32_MAX),
];
