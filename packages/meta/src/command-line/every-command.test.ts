/** The command first, for every command: by the name of a volume, for the only resource, by the path of a file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCaptured, type Captured } from '../../test/support/run-captured';
import { COMMANDS, type CommandName } from './command-table';

const GI = '1234567890ABCDE0:AAAA000000000002:0000000000000006:0000000000000008:1:1';

/** What is typed around the target, and what comes of it. */
interface Row {
  readonly options?: readonly string[];
  readonly words?: readonly string[];
  readonly exitCode?: number;
  readonly stdout?: RegExp;
  readonly stderr?: RegExp;
}

/** On metadata that was just made, with some generation identifiers. */
const ROWS: Readonly<Record<CommandName, Row>> = {
  'get-gi': { stdout: /^1234567890ABCDE0:AAAA000000000002:/ },
  'show-gi': { stdout: /Current data generation[^]*1234567890ABCDE0/ },
  'dump-md': { stdout: /^current-uuid 0x1234567890ABCDE0;$/m },
  'dump-superblock': { options: ['--output-format=json'], stdout: /"v09"/ },
  'hexdump-superblock': { stdout: /12 34 56 78 {1,2}90 ab cd e0/ },
  'restore-md': { options: ['--force'], words: ['dump'], stdout: /Successfully restored meta data/ },
  'verify-dump': { words: ['dump'], stdout: /input file parsed ok/ },
  'apply-al': {},
  'wipe-md': { options: ['--force'], stdout: /successfully wiped out/ },
  outdate: {},
  invalidate: {},
  dstate: { stdout: /^Consistent\n$/ },
  'check-resize': {},
  'create-md': { options: ['--force'], stdout: /New drbd meta data block successfully created/ },
  'forget-peer': { options: ['--node-id=1'], stderr: /slot/ },
  'repair-md': {},
  'read-dev-uuid': { stdout: /^[0-9A-F]{16}\n$/ },
  'write-dev-uuid': { words: ['1122334455667788'] },
  'set-gi': { options: ['--force', '--node-id=1'], words: [GI], stdout: /set GI to {2}1234567890ABCDE0/ },
};

let directory = '';
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tsdrbdmeta-'));
  writeFileSync(path('disk'), Buffer.alloc(2 * 1024 * 1024));
  writeFileSync(
    path('drbd.conf'),
    `resource r0 {
  volume 0 { device minor 10; disk ${path('disk')}; meta-disk internal; }
  on alice { node-id 0; address 127.0.0.1:7001; }
  on bob { node-id 1; address 127.0.0.2:7001; }
}`,
  );
  await succeeds('create-md', './disk');
  writeFileSync(path('dump'), (await succeeds('dump-md', './disk')).stdout);
  await succeeds('--force', '--node-id=1', 'set-gi', './disk', GI);
});
afterEach(() => rmSync(directory, { recursive: true }));

const path = (name: string): string => join(directory, name);

function run(...argv: readonly string[]): Promise<Captured> {
  const env = { __DRBD_NODE__: 'alice' };
  return runCaptured(directory, argv, { programName: 'tsdrbdmeta' }, env);
}

async function succeeds(...argv: readonly string[]): Promise<Captured> {
  const result = await run(...argv);
  expect(result).toMatchObject({ exitCode: 0 });
  return result;
}

const commands = Object.keys(COMMANDS) as readonly CommandName[];
/** About one peer: with a path it has to be said which; by resource it is the only one. */
const ofPeer: readonly CommandName[] = ['get-gi', 'show-gi'];

describe.each(commands)('%s', (command) => {
  const { options = [], words = [], exitCode = 0, stdout = /^/, stderr = /^/ } = ROWS[command];
  const check = (result: Captured): void => {
    expect(result).toMatchObject({ exitCode });
    expect(result.stdout).toMatch(stdout);
    expect(result.stderr).toMatch(stderr);
  };

  test.each([['r0'], ['r0/0'], ['minor-10']])('%s', async (target) => {
    check(await run('-c', './drbd.conf', ...options, command, target, ...words));
  });

  test('a path, options at the end', async () => {
    const peer = ofPeer.includes(command) ? ['--node-id=1'] : [];
    check(await run(command, './disk', ...words, ...options, ...peer));
  });

  // A word would be the name of a resource.
  if (words.length === 0) {
    test('the only resource', async () => {
      check(await run('-c', './drbd.conf', ...options, command));
    });
  }

  test('the path of nothing', async () => {
    const { exitCode, stderr } = await run(command, './missing', ...words, ...options);
    const isOpened = command !== 'verify-dump';
    expect({ exitCode, isToldOf: stderr.includes('open(./missing) failed') }).toEqual({
      exitCode: isOpened ? 20 : 0,
      isToldOf: isOpened,
    });
  });
});

describe('verify-dump', () => {
  test.each(['v08', 'v09'])('of the path of a dump alone, %s', async (format) => {
    await succeeds('--force', 'create-md', './disk', `--format=${format}`);
    writeFileSync(path('other'), (await succeeds('dump-md', './disk')).stdout);
    expect(await run('verify-dump', './other')).toEqual({ exitCode: 0, stdout: 'input file parsed ok\n', stderr: '' });
    writeFileSync(path('other'), readFileSync(path('other'), 'latin1').replace('al-stripes', 'al-strips'));
    expect(await run('verify-dump', './other')).toMatchObject({ exitCode: 10 });
  });

  test('of nothing', async () => {
    expect(await run('verify-dump', './missing')).toEqual({
      exitCode: 20,
      stdout: '',
      stderr: "open of './missing' failed.\n",
    });
  });
});
