/**
 * Configurations as they stand in guides, wikis and generators' output, with the drbdadm that is installed beside
 * tsdrbd: from each host's view, and from that of a host that is not in them.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { differencesIn } from './differences';
import { CONFIGS, findOracle, type CommandLine } from './live';

const FIELD = join(CONFIGS, 'field');
const CONFIGURATIONS = readdirSync(FIELD).filter((name) => name.endsWith('.conf'));

const FROM_FIRST_HOST = [
  ...['dump', '-v dump', '-d dump', 'dump-xml', '-v dump-xml', 'sh-nop', 'sh-resources', '-S sh-resources'],
  ...['sh-mod-parms', 'sh-resource all', 'sh-dev all', 'sh-ll-dev all', 'sh-md-dev all', 'sh-md-idx all'],
  ...['sh-minor all', 'sh-ip all', '-d up all', '-d down all', '-d adjust all', '-d primary all', '-d create-md all'],
  ...['-d attach all', '-d connect all', '-d new-path all', '-d wait-connect all', '-S -d up all', '-S -d adjust all'],
  ...['-d split-brain all', '-d verify all', '-d resize all', '-d proxy-up all'],
];
const FROM_OTHERS = ['dump', '-d up all', '-d adjust all', '-S -d up all'];

/** Hosts of the configuration's own sections; the first is alice, since every configuration has her. */
function hostsOf(configuration: string): readonly string[] {
  const text = readFileSync(join(FIELD, configuration), 'utf8');
  const names = [...text.matchAll(/^\s*on\s+"?([A-Za-z][\w.-]*)"?\s*\{/gm)].map(([, name = '']) => name);
  return [...new Set(['alice', ...names, 'nobody'])];
}

const describeLive = findOracle() === undefined ? describe.skip : describe;

it('there are enough configurations', () => {
  expect(CONFIGURATIONS.length).toBeGreaterThanOrEqual(40);
});

describeLive('with the installed drbdadm', () => {
  it.each(CONFIGURATIONS)('%s', async (configuration) => {
    const lines = hostsOf(configuration).flatMap((node, index) =>
      (index === 0 ? FROM_FIRST_HOST : FROM_OTHERS).map((words): CommandLine => ({
        node,
        cwd: FIELD,
        argv: ['-c', configuration, ...words.split(' ')],
      })),
    );
    expect(await differencesIn(lines)).toEqual([]);
  });
});
