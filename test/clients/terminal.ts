/** A terminal of tmux in which one program runs, and what its screen shows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, succeeds } from '../nodes/support/programs';

export class Terminal {
  private constructor(
    private readonly directory: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** `command`: for a shell. */
  static async open(command: string, env: NodeJS.ProcessEnv): Promise<Terminal> {
    const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-tmux-'));
    // A tmux within which the tests run must not be spoken to.
    const terminal = new Terminal(directory, { ...env, LC_ALL: 'C.UTF-8', TMUX: undefined });
    const size = ['-x', '120', '-y', '30'];
    await succeeds('tmux', [...terminal.server, '-f', '/dev/null', 'new-session', '-d', ...size, command], {
      env: terminal.env,
    });
    return terminal;
  }

  private get server(): readonly string[] {
    return ['-S', join(this.directory, 'socket')];
  }

  screen(): Promise<string> {
    return succeeds('tmux', [...this.server, 'capture-pane', '-p'], { env: this.env });
  }

  async press(...keys: string[]): Promise<void> {
    await succeeds('tmux', [...this.server, 'send-keys', ...keys], { env: this.env });
  }

  /** The screen as soon as it is as wanted. Throws with what it shows after a minute. */
  async until(what: string, wanted: (screen: string) => boolean): Promise<string> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const screen = await this.screen();
      if (wanted(screen)) return screen;
      if (performance.now() > deadline) throw new Error(`the terminal does not show ${what}:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The program has ended, and with it the only window, and tmux. */
  async untilClosed(): Promise<void> {
    const deadline = performance.now() + 60_000;
    while ((await run('tmux', [...this.server, 'list-sessions'], { env: this.env })).code === 0) {
      if (performance.now() > deadline) throw new Error(`still there:\n${await this.screen()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Ends the program too. */
  async close(): Promise<void> {
    await run('tmux', [...this.server, 'kill-server'], { env: this.env });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
