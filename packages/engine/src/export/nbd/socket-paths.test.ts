import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { linkMinor, minorSocketPath, unlinkMinor, volumeSocketPath } from './socket-paths';

test('a link by minor number leads to the socket of the volume, also when it replaces an older one', () => {
  const runDir = mkdtempSync(join(tmpdir(), 'tsdrbd-run-'));
  try {
    for (const resource of ['r0', 'r1']) {
      const path = volumeSocketPath(runDir, resource, 0);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, resource);
      linkMinor(runDir, 17, path);
      expect(readFileSync(minorSocketPath(runDir, 17), 'utf8')).toBe(resource);
    }
    // Relative, so that the run directory can be seen elsewhere, as in a container.
    expect(readlinkSync(minorSocketPath(runDir, 17)).startsWith('../')).toBe(true);
    unlinkMinor(runDir, 17);
    unlinkMinor(runDir, 17);
    expect(() => readlinkSync(minorSocketPath(runDir, 17))).toThrow();
  } finally {
    rmSync(runDir, { recursive: true, force: true });
  }
});
