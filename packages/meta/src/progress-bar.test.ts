import type { CliIo } from '@tsdrbd/config';
import { ProgressBar } from './progress-bar';

function terminal({ isTTY = true, columns = 80 } = {}) {
  const screen = { text: '', nowMs: 0 };
  const io = {
    stdout: { isTTY, columns, write: (text: string) => void (screen.text += text) },
    now: () => screen.nowMs,
  } as unknown as CliIo;
  return { screen, io };
}

test('is drawn while it takes long, and wiped', () => {
  const { screen, io } = terminal();
  const bar = new ProgressBar(io, 1000);
  screen.nowMs = 600;
  bar.advance(250);
  expect(screen.text).toBe(`\r[${'='.repeat(10)}>${' '.repeat(29)}]  25%`);
  screen.nowMs = 800;
  bar.advance(750);
  bar.end();
  expect(screen.text).toContain(`\r[${'='.repeat(40)}] 100%`);
  expect(screen.text.endsWith(`\r${' '.repeat(47)}\r`)).toBe(true);
});

test('what is done at once, or written to a file, shows none', () => {
  for (const [isTTY, nowMs] of [
    [true, 400],
    [false, 9000],
  ] as const) {
    const { screen, io } = terminal({ isTTY });
    const bar = new ProgressBar(io, 1000);
    screen.nowMs = nowMs;
    bar.advance(500);
    bar.end();
    expect(screen.text).toBe('');
  }
});

test('fits the terminal', () => {
  for (const columns of [3, 10, 20, 47]) {
    const { screen, io } = terminal({ columns });
    const bar = new ProgressBar(io, 1000);
    screen.nowMs = 600;
    bar.advance(500);
    expect(screen.text.length - 1).toBeLessThanOrEqual(Math.max(columns, 4));
  }
});
