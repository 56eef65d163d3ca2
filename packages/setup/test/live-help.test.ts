/**
 * Usage texts and option errors against the installed drbdsetup. Debian's is 9.22; what later versions and tsdrbdsetup
 * itself have more is listed here and taken away before the comparison.
 */
import { spawnSync } from 'node:child_process';
import { commandUsage, generalUsage } from '../src/command-line/usage';
import { xmlHelp } from '../src/command-line/xml-help';
import type { SetupCommand } from '../src/commands/command';
import { COMMANDS } from '../src/commands/command-table';
import { SetupSession } from './support/setup-session';

const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
const version = spawnSync('sh', ['-c', 'command -v drbdsetup >/dev/null && drbdadm --version'], { env: { PATH } })
  .stdout.toString()
  .match(/^DRBDADM_VERSION=(\d+\.\d+)/m)?.[1];
/** A machine with another version, or none, skips: what differs then is not known. */
const testLive = version === '9.22' ? test : test.skip;

/** Since drbd-utils: setup.md 1.3, 1.4, 9. */
const NEWER_OPTIONS = new Set([
  ...['load-balance-paths', 'tls', 'tls-keyring', 'tls-privkey', 'tls-certificate'],
  ...['rdma-ctrl-rcvbuf-size', 'rdma-ctrl-sndbuf-size', 'rcvbuf', 'resync-without-replication', 'peer-tiebreaker'],
  ...['block-size', 'discard-granularity', 'bdev-freeze', 'drbd8-api-compatibility'],
]);
const NEWER_COMMANDS = new Set(['peer-role', 'udev']);
/** `bitmap` of a disk is new, of a peer device it is old. */
const isNewer = (command: SetupCommand, option: string): boolean =>
  NEWER_OPTIONS.has(option) || (option === 'bitmap' && command.name !== 'peer-device-options');
/** Ours: every reporting command has --json, and there is no /proc/drbd but a command for it. */
const OWN_COMMANDS = new Set(['proc']);
const OWN_JSON = new Set(['role', 'cstate', 'dstate', 'get-gi', 'show-gi', 'events2']);
/** Ranges that grew. */
const OLD_MAX: Readonly<Record<string, number>> = { 'sndbuf-size': 10485760, 'rcvbuf-size': 10485760 };

const comparable = COMMANDS.filter(({ name }) => !NEWER_COMMANDS.has(name) && !OWN_COMMANDS.has(name));

function asOf922(command: SetupCommand): SetupCommand {
  if (command.kind === 'query') {
    const own = OWN_JSON.has(command.name);
    const options = command.options.filter(({ name }) => !isNewer(command, name) && !(own && name === 'json'));
    return { ...command, options };
  }
  const options = command.options
    .filter(({ name }) => !isNewer(command, name))
    .map((option) => {
      const max = OLD_MAX[option.name];
      return max === undefined || option.type.kind !== 'number' ? option : { ...option, type: { ...option.type, max } };
    });
  return { ...command, options };
}

function drbdsetup(...argv: string[]): { code: number | null; stdout: string } {
  const { status, stdout } = spawnSync('drbdsetup', argv, { env: { PATH } });
  return { code: status, stdout: stdout.toString() };
}

testLive('the general usage', () => {
  const ours = generalUsage(comparable, 'drbdsetup').replace(
    'Configure the DRBD engine.',
    'Configure the DRBD kernel module.',
  );
  expect(drbdsetup('help')).toEqual({ code: 20, stdout: ours });
  expect(drbdsetup('help', 'nothing')).toEqual({ code: 20, stdout: `${ours}\nunknown command\n` });
});

testLive.each(comparable.map((command) => [command.name, command] as const))(
  'help and xml-help %s',
  (name, command) => {
    expect(drbdsetup('help', name)).toEqual({ code: 0, stdout: commandUsage(asOf922(command), 'drbdsetup') });
    expect(drbdsetup('xml-help', name)).toEqual({ code: 0, stdout: xmlHelp(asOf922(command)) });
  },
);

/** Recorded from drbdsetup 9.22, which looks for its module first; a bind mount over /proc showed it one. */
test.each([
  ['status -x', "status: invalid option -- 'x'"],
  ['status --st=5', "status: option '--statistics' doesn't allow an argument"],
  ['net-options r0 1 --after', "net-options: option '--after-sb-0pri' requires an argument"],
  ['new-peer r0 1 --p', "new-peer: option '--protocol' requires an argument"],
  ['disk-options 0 --al', "disk-options: option '--al' is ambiguous; possibilities: '--al-extents' '--al-updates'"],
  ['disk-options 0 --al-extents', "disk-options: option '--al-extents' requires an argument"],
  ['wait-connect-resource r0 -t', "wait-connect-resource: option requires an argument -- 't'"],
  ['events2 --nothing=1', "events2: unrecognized option '--nothing=1'"],
  ['primary --foo r0', "primary: unrecognized option '--foo'"],
])('%s', async (line, error) => {
  const session = new SetupSession();
  expect(await session.run(line)).toEqual({ exitCode: 20, stdout: generalUsage(COMMANDS), stderr: `${error}\n` });
  await session.end();
});
