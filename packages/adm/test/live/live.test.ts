/**
 * Configurations of real kinds of clusters, made for this comparison, and their commands, with the drbdadm that is
 * installed beside tsdrbd. The recorded runs of 9.34 are in ../golden.
 */
import { readdirSync } from 'node:fs';
import { differencesIn } from './differences';
import { CONFIGS, findOracle, type CommandLine } from './live';

const CONFIGURATIONS = [
  ...readdirSync(CONFIGS).filter((name) => name.endsWith('.conf')),
  'includes/drbd.conf',
  'templates/drbd.conf',
];

const SHORT = ['dump', '-v dump', '-d up all', '-d adjust all', 'sh-ip all'];
const LONG = [
  ...SHORT,
  ...['-d dump', 'dump-xml', '-v dump-xml', 'sh-nop', 'sh-resources', '-S sh-resources', 'sh-mod-parms'],
  ...['sh-resource all', 'sh-dev all', 'sh-ll-dev all', 'sh-md-dev all', 'sh-md-idx all', 'sh-minor all'],
  ...['-S -d up all', '-d create-md all', '-d down all', '-d primary all', '-d new-peer all', '-d verify all'],
  ...['-d wait-connect all', '-d -S wait-connect all', '-d disk-options all', '-d show-gi all', '-d pause-sync all'],
  ...['-d resize all', '-d invalidate all', '-d split-brain all', '-d net-options all', '-d connect all'],
];
const PLAN: readonly (readonly [node: string, commands: readonly string[]])[] = [
  ['alice', LONG],
  ['bob', SHORT],
  ['charlie', SHORT],
  ['nobody', SHORT],
];

/** A file that is refused is refused in one way by all commands that read it, and in another by sh-nop. */
const PLAN_OF_REFUSED: typeof PLAN = [
  ['alice', ['dump', '-v dump', '-d up all', 'sh-nop', 'sh-resources']],
  ['nobody', ['dump', '-d up all']],
];

const oracle = findOracle();
const describeLive = oracle === undefined ? describe.skip : describe;

it('there are enough configurations', () => {
  expect(CONFIGURATIONS.length).toBeGreaterThanOrEqual(60);
});

describeLive('with the installed drbdadm', () => {
  it.each(CONFIGURATIONS)('%s', async (configuration) => {
    const plan = configuration.startsWith('refused-') ? PLAN_OF_REFUSED : PLAN;
    const lines = plan.flatMap(([node, commands]) =>
      commands.map((words): CommandLine => ({ node, argv: ['-c', configuration, ...words.split(' ')] })),
    );
    expect(await differencesIn(lines)).toEqual([]);
  });
});
