/** The demo is the main job from the first command to the last, with real processes; it exits 0 only if every proof held. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

test('two nodes replicate, survive a crash, fail over, and end with identical disks', () => {
  const root = join(__dirname, '../..');
  const demo = spawnSync(join(root, 'scripts/demo'), { cwd: root, encoding: 'utf8', timeout: 300_000 });
  expect(`${demo.stdout}\n${demo.stderr}`).toContain('Every proof held.');
  expect(demo.status).toBe(0);
}, 320_000);
