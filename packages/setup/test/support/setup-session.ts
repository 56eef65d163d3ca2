/** tsdrbdsetup against an engine double, over a real socket in a run directory of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CliIo } from '@tsdrbd/config';
import type { ResourceState } from '@tsdrbd/engine/control';
import { startControlServer } from '@tsdrbd/engine/control/server';
import type { ControlServer } from '@tsdrbd/engine/control/server';
import { FakeBackend } from '@tsdrbd/engine/control/testing';
import { run } from '../../src/run';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class SetupSession {
  readonly runDir = mkdtempSync(join(tmpdir(), 'setup-'));
  backend = new FakeBackend();
  private server: ControlServer | null = null;

  async start(resources: readonly ResourceState[] = []): Promise<void> {
    this.backend = new FakeBackend(resources);
    this.server = await startControlServer({ runDir: this.runDir }, { backend: this.backend });
  }

  async stop(): Promise<void> {
    await this.server?.close();
    this.server = null;
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.runDir, { recursive: true, force: true });
  }

  /** One command line; blanks separate words. */
  async run(
    commandLine: string | readonly string[],
    more: Partial<CliIo> & { readonly isTTY?: boolean } = {},
  ): Promise<Outcome> {
    const words = typeof commandLine === 'string' ? commandLine.split(' ').filter((word) => word !== '') : commandLine;
    let stdout = '';
    let stderr = '';
    const io: CliIo = {
      // No program by that name: a test that would start a daemon fails instead.
      env: { TSDRBD_RUN_DIR: this.runDir, TSDRBDD: '/nonexistent/tsdrbdd' },
      cwd: this.runDir,
      stdin: empty(),
      stdout: { write: (text) => void (stdout += text), isTTY: more.isTTY ?? false, columns: 80 },
      stderr: { write: (text) => void (stderr += text) },
      now: () => 0,
      ...more,
    };
    const exitCode = await run(words, io);
    return { exitCode, stdout, stderr };
  }
}

async function* empty(): AsyncGenerator<string> {
  // A stdin that has ended already.
}
