/**
 * The options the core acts on, in the core's units, with DRBD's defaults. Source: behaviour.md 10.1, 10.2.
 *
 * `values` are DRBD's option names and units as the control API carries them; what is absent has its default.
 */
import { AfterSb, ReplicationProtocol } from '../wire';
import type { ReadBalancing } from './request/read-balancing';

export type OptionValues = Readonly<Record<string, string | number | boolean>>;

export interface NetOptions {
  /** 1, 2, 3 for A, B, C. */
  readonly protocol: number;
  readonly timeoutMs: number;
  readonly connectIntMs: number;
  readonly pingIntMs: number;
  readonly pingTimeoutMs: number;
  readonly sockCheckTimeoutMs: number;
  readonly koCount: number;
  readonly maxEpochSize: number;
  readonly maxBuffers: number;
  readonly sndbufSizeBytes: number;
  readonly rcvbufSizeBytes: number;
  readonly afterSb0Pri: number;
  readonly afterSb1Pri: number;
  readonly afterSb2Pri: number;
  readonly alwaysAsbp: boolean;
  readonly rrConflict: RrConflict;
  readonly allowTwoPrimaries: boolean;
  readonly cramHmacAlg: string;
  readonly sharedSecret: string;
  readonly dataIntegrityAlg: string;
  readonly verifyAlg: string;
  readonly csumsAlg: string;
  readonly csumsAfterCrashOnly: boolean;
  readonly useRle: boolean;
  readonly fencing: Fencing;
  readonly onCongestion: 'block' | 'pull-ahead' | 'disconnect';
  /** Sectors in flight from which on the connection counts as congested; 0: no limit. */
  readonly congestionFillSectors: number;
  /** Hot activity-log extents from which on it does. */
  readonly congestionExtents: number;
}

/** A Primary would become resync target. Source: behaviour.md 4.4. */
export type RrConflict = 'disconnect' | 'call-pri-lost' | 'violently' | 'retry-connect' | 'auto-discard';

export type Fencing = 'dont-care' | 'resource-only' | 'resource-and-stonith';

export interface PeerDeviceOptions {
  readonly resyncRateKiBs: number;
  readonly cPlanAheadTenths: number;
  readonly cDelayTargetTenths: number;
  readonly cFillTargetSectors: number;
  readonly cMaxRateKiBs: number;
  readonly cMinRateKiBs: number;
}

export interface DiskOptions {
  readonly sizeSectors: number;
  readonly onIoError: 'pass_on' | 'call-local-io-error' | 'detach';
  readonly diskFlushes: boolean;
  readonly mdFlushes: boolean;
  readonly alExtents: number;
  readonly alUpdates: boolean;
  /** -1: none. */
  readonly resyncAfterMinor: number;
  readonly rsDiscardGranularityBytes: number;
  /** For one request of the backing disk; 0: no limit. */
  readonly diskTimeoutMs: number;
  readonly readBalancing: ReadBalancing;
}

export interface ResourceOptions {
  readonly autoPromote: boolean;
  readonly autoPromoteTimeoutMs: number;
  readonly onNoDataAccessible: 'io-error' | 'suspend-io';
}

const TENTH_MS = 100;

export function netOptions(values: OptionValues): NetOptions {
  const { text, number, flag } = readers(values);
  const policy = (name: string): number => AfterSb[text(name, 'disconnect') as keyof typeof AfterSb] ?? 0;
  return {
    protocol: ReplicationProtocol[text('protocol', 'C') as keyof typeof ReplicationProtocol] ?? 3,
    timeoutMs: number('timeout', 60) * TENTH_MS,
    connectIntMs: number('connect-int', 10) * 1000,
    pingIntMs: number('ping-int', 10) * 1000,
    pingTimeoutMs: number('ping-timeout', 5) * TENTH_MS,
    sockCheckTimeoutMs: number('socket-check-timeout', 0) * TENTH_MS,
    koCount: number('ko-count', 7),
    maxEpochSize: number('max-epoch-size', 2048),
    maxBuffers: number('max-buffers', 2048),
    sndbufSizeBytes: number('sndbuf-size', 0),
    rcvbufSizeBytes: number('rcvbuf-size', 0),
    afterSb0Pri: policy('after-sb-0pri'),
    afterSb1Pri: policy('after-sb-1pri'),
    afterSb2Pri: policy('after-sb-2pri'),
    alwaysAsbp: flag('always-asbp', false),
    rrConflict: text('rr-conflict', 'disconnect') as RrConflict,
    allowTwoPrimaries: flag('allow-two-primaries', false),
    cramHmacAlg: text('cram-hmac-alg', ''),
    sharedSecret: text('shared-secret', ''),
    dataIntegrityAlg: text('data-integrity-alg', ''),
    verifyAlg: text('verify-alg', ''),
    csumsAlg: text('csums-alg', ''),
    csumsAfterCrashOnly: flag('csums-after-crash-only', false),
    useRle: flag('use-rle', true),
    fencing: text('fencing', 'dont-care') as Fencing,
    onCongestion: text('on-congestion', 'block') as NetOptions['onCongestion'],
    congestionFillSectors: number('congestion-fill', 0),
    congestionExtents: number('congestion-extents', 1237),
  };
}

export function peerDeviceOptions(values: OptionValues): PeerDeviceOptions {
  const { number } = readers(values);
  return {
    resyncRateKiBs: number('resync-rate', 250),
    cPlanAheadTenths: number('c-plan-ahead', 20),
    cDelayTargetTenths: number('c-delay-target', 10),
    cFillTargetSectors: number('c-fill-target', 100),
    cMaxRateKiBs: number('c-max-rate', 102400),
    cMinRateKiBs: number('c-min-rate', 250),
  };
}

export function diskOptions(values: OptionValues): DiskOptions {
  const { text, number, flag } = readers(values);
  return {
    sizeSectors: number('size', 0),
    onIoError: text('on-io-error', 'detach') as DiskOptions['onIoError'],
    diskFlushes: flag('disk-flushes', true),
    mdFlushes: flag('md-flushes', true),
    alExtents: number('al-extents', 1237),
    alUpdates: flag('al-updates', true),
    resyncAfterMinor: number('resync-after', -1),
    rsDiscardGranularityBytes: number('rs-discard-granularity', 0),
    diskTimeoutMs: number('disk-timeout', 0) * TENTH_MS,
    readBalancing: text('read-balancing', 'prefer-local') as ReadBalancing,
  };
}

export function resourceOptions(values: OptionValues): ResourceOptions {
  const { text, number, flag } = readers(values);
  return {
    autoPromote: flag('auto-promote', true),
    autoPromoteTimeoutMs: number('auto-promote-timeout', 20) * TENTH_MS,
    onNoDataAccessible: text('on-no-data-accessible', 'io-error') as ResourceOptions['onNoDataAccessible'],
  };
}

function readers(values: OptionValues) {
  return {
    text: (name: string, fallback: string): string => {
      const value = values[name];
      return typeof value === 'string' ? value : fallback;
    },
    number: (name: string, fallback: number): number => {
      const value = values[name];
      return typeof value === 'number' ? value : fallback;
    },
    flag: (name: string, fallback: boolean): boolean => {
      const value = values[name];
      return typeof value === 'boolean' ? value : value === 'yes' ? true : value === 'no' ? false : fallback;
    },
  };
}
