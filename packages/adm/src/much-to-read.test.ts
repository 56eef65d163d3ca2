import type { ConfigReader } from '@tsdrbd/config';
import { tunedToSize } from './much-to-read';

const reader = (sizeBytes: number): ConfigReader => ({
  readFile: (path) =>
    path === 'gone' ? { kind: 'unreadable', reason: 'ENOENT' } : { kind: 'text', text: 'x'.repeat(sizeBytes) },
  realpath: (path) => path,
  glob: () => [],
});

test.each([
  ['one small file', 1000, 1, 0],
  ['one large file', 100_000, 1, 1],
  ['many small files', 1000, 200, 1],
])('%s', (_, sizeBytes, fileCount, tunedCount) => {
  const tune = jest.fn();
  const tuned = tunedToSize(reader(sizeBytes), tune);
  for (let file = 0; file < fileCount; file += 1) expect(tuned.readFile(`${file}`).kind).toBe('text');
  expect(tuned.readFile('gone').kind).toBe('unreadable');
  expect(tune).toHaveBeenCalledTimes(tunedCount);
});
