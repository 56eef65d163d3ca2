/**
 * The package that scripts/pack makes is all that an installation needs: npm installs it, and two nodes run from it,
 * where there is no network, no checkout and no environment.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');
// What the story starts ends with its process namespace.
const NAMESPACES = ['--map-root-user', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
const SYSTEM_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

const canMakeNamespaces = spawnSync('unshare', [...NAMESPACES, 'ip', 'link', 'set', 'lo', 'up']).status === 0;
const testWithNamespaces = canMakeNamespaces ? test : test.skip;

let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), 'tsdrbd-installation-'));
});
afterEach(() => {
  rmSync(work, { recursive: true, force: true });
});

testWithNamespaces(
  'two nodes run from an installed package, with neither network nor checkout at hand',
  () => {
    const packed = spawnSync(join(root, 'scripts/pack'), ['--out', work], { encoding: 'utf8' });
    expect(packed).toMatchObject({ status: 0, stderr: '' });
    const packagePath = packed.stdout.trim().split('\n').at(-1) ?? '';

    // As text: the file disappears with the checkout.
    const script = readFileSync(join(__dirname, 'two-node-story.sh'), 'utf8');
    const story = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', script, 'story', root, packagePath, work], {
      cwd: '/',
      env: { PATH: SYSTEM_PATH },
      encoding: 'utf8',
      timeout: 120_000,
    });
    const told = `${story.stdout}\n${story.stderr}`;
    expect(told).toContain('peer-disk:UpToDate');
    // The volume's 64 MiB without its metadata.
    expect(told).toContain('identical: 130992 sectors');
    expect(story.status).toBe(0);
  },
  180_000,
);
