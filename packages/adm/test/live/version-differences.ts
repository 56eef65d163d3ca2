/**
 * What 9.34, and so tsdrbd, does otherwise than the installed 9.22: the only exceptions of the live comparison. Each
 * brings both results to a common form, or excuses a configuration altogether. Source: adm.md 11, config.md.
 */
import type { OptionRow } from '@tsdrbd/config/options';
import type { CommandLine, Result } from './live';

export interface VersionDifference {
  readonly name: string;
  /** Brings a result to the common form. */
  readonly common: (result: Result) => Result;
}

/** Whole command lines whose results are not comparable. */
export interface Excuse {
  readonly name: string;
  readonly applies: (line: CommandLine, theirs: Result) => boolean;
}

const inStdout = (name: string, change: (text: string) => string): VersionDifference => ({
  name,
  common: (result) => ({ ...result, stdout: change(result.stdout) }),
});

const inStderr = (name: string, change: (text: string) => string): VersionDifference => ({
  name,
  common: (result) => ({ ...result, stderr: change(result.stderr) }),
});

export const VERSION_DIFFERENCES: readonly VersionDifference[] = [
  inStdout('no repair-md before attach (adm.md 11)', (text) => text.replace(/^drbdmeta .* repair-md\n/gm, '')),
  inStdout('the name of a floating section keeps its colon (config.md 5.1)', (text) =>
    text.replace(/((?:\d+\.){3}\d+)_(\d+)\b/g, '$1:$2'),
  ),
  inStdout('the same of a floating section with an IPv6 address (config.md 5.1)', (text) =>
    text.replace(
      /(--_name=|host |host name="|_name +"|value=")ipv6\\? \\?\[([0-9a-f:]+)\\?\]:(\d+)"?/g,
      (_, before: string, address: string, port: string) => `${before}${address.replace(/:/g, '_')}_${port}`,
    ),
  ),
  inStdout('bitmap no of a diskless peer is there twice if it is written too (config.md 4.2: falls through)', (text) =>
    text.replace(/ --bitmap=no --bitmap=no/g, ' --bitmap=no'),
  ),
  inStdout('adjust sets peer devices peer by peer, not volume by volume (adm.md 11)', (text) =>
    text.replace(
      /^(?:drbdsetup peer-device-options .*\n)+/gm,
      (lines) => `${lines.trim().split('\n').sort().join('\n')}\n`,
    ),
  ),
  inStdout('adjust gives drbd-proxy-ctl other commands (seen)', (text) => text.replace(/^drbd-proxy-ctl .*\n/gm, '')),
  inStdout('a plugin of a proxy stands in a section of its own in XML (config.md 8.4, S7)', (text) =>
    text.replace(/^ *<section name="plugin">\n( *<option name="[^"=]*"\/>\n)*? *<\/section>\n/gm, (section) =>
      section.replace(/^ *<\/?section.*\n/gm, '').replace(/^ {4}/gm, ''),
    ),
  ),
  inStderr('the full stop after an ambiguous inheritance comes later (config.md 6.3)', (text) =>
    text.replace(/(at the same time)\.?\n\.?/g, '$1\n').replace(/^\.+/gm, ''),
  ),
  inStderr('the advice about names like /dev/drbd_foo is new (config.md 7.1)', (text) =>
    text.replace(/^.*: arbitrary device names \(.*\n\tYou may .*\n\tYou should .*\n/gm, ''),
  ),
  inStderr('token numbers (config.md 2.5)', (text) => text.replace(/\(TK \d+\)/g, '(TK)')),
  inStderr('names and lines of messages about volume sets and endpoints (config.md 7.3)', (text) =>
    text.replace(
      /^\S+:\d+: (in resource \S+(?:, on .*)?: (?:you must not mix|volume \d+ not|volume \d+ missing|volume \d+ \()|Resource \S+, host|in resource \S+ a hostname)/gm,
      'FILE: $1',
    ),
  ),
  inStderr('names of peer device options that 9.22 has not (config.md 4.3)', (text) =>
    text.replace(' | resync-without-replication | peer-tiebreaker', ''),
  ),
  inStderr('the name of a floating section in messages (config.md 5.1)', (text) =>
    text.replace(/((?:\d+\.){3}\d+)_(\d+)\b/g, '$1:$2'),
  ),
  inStderr('drbd8-api-compatibility (config.md 4.5)', (text) => text.replace(' | drbd8-api-compatibility', '')),
  inStderr('the line of two uses of an address is lost there, as in 9.34 (the table of deviations)', (text) =>
    text
      .replace(/:\d+(: in resource \S+\n {4}.* is also used .*):\d+ /g, ':LINE$1:LINE ')
      .replace(/:\d+(: in resource \S+ .* is used for both endpoints)/g, ':LINE$1'),
  ),
];

export const EXCUSES: readonly Excuse[] = [
  {
    name: '`all` with a diskless volume ends the run (adm.md 11)',
    applies: ({ argv }, { rc, stderr }) =>
      rc === 10 && argv.at(-1) === 'all' && stderr.includes('requires a local disk, but the configuration gives none'),
  },
  {
    name: 'sh-dev prints names like /dev/drbd_foo; 9.34 always prints the minor (adm.md 2.2; recorded)',
    applies: ({ argv }, { stdout }) => argv.includes('sh-dev') && stdout.includes('/dev/drbd_'),
  },
  {
    name: 'resync-after is resolved for all hosts and on resource level, also by dump (config.md 7.4)',
    applies: ({ argv, node }) => (node === 'charlie' || node === 'nobody') && RESYNC_AFTER.has(argv[1] ?? ''),
  },
];

/** They configure resync-after for alice and bob alone. */
const RESYNC_AFTER: ReadonlySet<string> = new Set(['many-volumes.conf', 'resync-after-chain.conf']);

export function common(result: Result): Result {
  return VERSION_DIFFERENCES.reduce((current, difference) => difference.common(current), result);
}

/** Options that 9.22 does not know, or knows with another range. Source: config.md 4, the marks [34]. */
const NOT_IN_922: ReadonlySet<string> = new Set([
  ...['net/load-balance-paths', 'net/tls', 'net/tls-keyring', 'net/tls-privkey', 'net/tls-certificate'],
  ...[
    'net/rdma-ctrl-rcvbuf-size',
    'net/rdma-ctrl-sndbuf-size',
    'net/transport',
    'net/sndbuf-size',
    'net/rcvbuf-size',
    'disk/bitmap',
  ],
  ...['peer-device/resync-without-replication', 'peer-device/peer-tiebreaker', 'peer-device/bitmap'],
  ...['device/max-bio-size', 'device/diskless', 'device/block-size', 'device/discard-granularity'],
  // Resolved for all hosts there, with a message each (config.md 7.4).
  'disk/resync-after',
  ...['resource/drbd8-api-compatibility', 'resource/cpu-mask', 'handlers/disconnected'],
]);

export function isIn922({ group, name }: OptionRow): boolean {
  return !NOT_IN_922.has(`${group}/${name}`);
}
