import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceState, resourceState } from '../control/testing';
import { ProcFile } from './proc-file';

let runDir = '';
let nowMs = 0;
let snapshots = 0;
let warnings: string[] = [];
beforeEach(() => {
  jest.useFakeTimers();
  runDir = mkdtempSync(join(tmpdir(), 'tsdrbd-proc-'));
  [nowMs, snapshots, warnings] = [0, 0, []];
});
afterEach(() => {
  jest.useRealTimers();
  rmSync(runDir, { recursive: true, force: true });
});

const create = (): ProcFile =>
  new ProcFile(runDir, {
    snapshot: () => {
      snapshots += 1;
      return { resources: [resourceState({ devices: [deviceState()] })] };
    },
    warn: (text) => void warnings.push(text),
    nowMs: () => nowMs,
  });
const pass = (ms: number): void => {
  nowMs += ms;
  jest.advanceTimersByTime(ms);
};

test('is written after a change, at most once a second, and goes at the end', () => {
  const file = create();
  const path = join(runDir, 'proc/drbd');
  pass(5000);
  expect(existsSync(path)).toBe(false);
  for (let change = 0; change < 100; change++) file.noteChange();
  pass(50);
  expect(readFileSync(path, 'utf8')).toContain('\n 0: cs:StandAlone ro:Secondary/Unknown ds:UpToDate/DUnknown');
  for (let change = 0; change < 100; change++) {
    file.noteChange();
    pass(10);
  }
  expect(snapshots).toBe(2);
  pass(60_000);
  expect(snapshots).toBeLessThanOrEqual(3);
  file.end();
  expect(existsSync(path)).toBe(false);
});

test('that of a killed daemon goes at the start', () => {
  const path = join(runDir, 'proc/drbd');
  mkdirSync(join(runDir, 'proc'));
  writeFileSync(path, 'old');
  create();
  expect(existsSync(path)).toBe(false);
});

test('a place that cannot be written is complained about once', () => {
  writeFileSync(join(runDir, 'proc'), 'a file in the way');
  const file = create();
  for (let change = 0; change < 3; change++) {
    file.noteChange();
    pass(2000);
  }
  expect(warnings).toEqual([expect.stringContaining('proc/drbd: ')]);
});
