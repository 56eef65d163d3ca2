/** The built program as a process of its own, on loop devices and files. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DISK_STATE_NAMES, type DiskStateName } from '@tsdrbd/engine/control';
import { startControlServer } from '@tsdrbd/engine/control/server';
import { deviceState, FakeBackend, resourceState } from '@tsdrbd/engine/control/testing';
import { attachLoop, detachLoop, flushLoop, imageDirectory, resizeLoop } from '../support/loop-device';
import { dataBlocks } from '../support/sparse-file';
import { digestOfBlocks } from './image-digest';
import type { RunResult, StoryStage } from './play-story';
import { StoryDirectory } from './story-directory';
import type { RunStep, Story } from './story';

const PROGRAM = join(__dirname, '../../dist/tsdrbdmeta.cjs');
const RUN_DIRECTORY = 'run';

export class ProcessStage implements StoryStage {
  private readonly directory: StoryDirectory;
  private readonly loops = new Map<string, string>();
  private stdout = Buffer.alloc(0);

  constructor(story: Story) {
    this.directory = new StoryDirectory(story, { parent: imageDirectory(), lastKnown: join(RUN_DIRECTORY, 'lib') });
    // The name by which it is called is the name by which it speaks.
    symlinkSync(PROGRAM, this.pathOf('drbdmeta'));
    for (const [name, { size, kind }] of Object.entries(story.images)) {
      writeFileSync(this.pathOf(name), '');
      truncateSync(this.pathOf(name), size);
      if (kind === 'file') continue;
      const loop = attachLoop(this.pathOf(name));
      this.loops.set(name, loop);
      this.directory.setImagePath(name, loop);
    }
  }

  poke(name: string, offsetBytes: number, bytes: Buffer): void {
    const fd = openSync(this.pathOf(name), 'r+');
    writeSync(fd, bytes, 0, bytes.length, offsetBytes);
    closeSync(fd);
    this.onLoop(name, flushLoop);
  }

  resize(name: string, sizeBytes: number): void {
    truncateSync(this.pathOf(name), sizeBytes);
    this.onLoop(name, resizeLoop);
  }

  writeFile(name: string, text: string): void {
    this.directory.writeFile(name, text);
  }

  readFile(name: string): string {
    return this.directory.readFile(name);
  }

  get lastStdout(): string {
    return this.stdout.toString('latin1');
  }

  close(): void {
    for (const loop of this.loops.values()) detachLoop(loop);
    this.directory.remove();
  }

  async run(step: RunStep): Promise<RunResult> {
    const standIn =
      step.attached === undefined ? null : await startStandIn(this.pathOf(RUN_DIRECTORY), this.directory.path, step);
    const rc = await this.runProgram(step).finally(() => standIn?.close());
    this.stdout = readFileSync(this.pathOf('stdout'));
    const { directory } = this;
    return {
      rc,
      stdout:
        step.binary === true
          ? `sha256:${createHash('sha256').update(this.stdout).digest('hex')}`
          : directory.tidy(this.lastStdout),
      stderr: directory.tidy(this.readFile('stderr')),
      lkbd: directory.lastKnown(step),
      images: step.images.map(({ image }) => this.imageResult(image, step)),
    };
  }

  /** Returns the exit code. */
  private runProgram(step: RunStep): Promise<number> {
    const [stdout, stderr] = [openSync(this.pathOf('stdout'), 'w'), openSync(this.pathOf('stderr'), 'w')];
    const words = [process.execPath, this.pathOf('drbdmeta'), ...this.directory.words(step)];
    const options = { cwd: this.directory.path, env: this.environment() };
    const close = (): void => [stdout, stderr].forEach((fd) => closeSync(fd));
    if (step.tty !== undefined) {
      // script(1) gives the program a terminal as stdin, and types what it reads.
      const line = `${words.map((word) => `'${word}'`).join(' ')} >stdout 2>stderr`;
      const child = spawn('script', ['-qec', line, '/dev/null'], { ...options, stdio: ['pipe', 'ignore', 'inherit'] });
      child.stdin?.end(step.tty);
      return ended(child).finally(close);
    }
    const stdin = openSync(step.stdin === undefined ? '/dev/null' : this.pathOf(step.stdin), 'r');
    const [program = '', ...rest] = words;
    const child = spawn(program, rest, { ...options, stdio: [stdin, stdout, stderr] });
    closeSync(stdin);
    return ended(child).finally(close);
  }

  private environment(): NodeJS.ProcessEnv {
    const env = {
      ...process.env,
      TZ: 'UTC',
      LC_ALL: 'C',
      TSDRBD_RUN_DIR: this.pathOf(RUN_DIRECTORY),
      PATH: `${this.directory.path}:${process.env['PATH']}`,
    };
    return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(__)?DRBD/.test(name)));
  }

  private imageResult(image: string, { mask = [] }: RunStep): RunResult['images'][number] {
    const path = this.pathOf(image);
    const { size } = statSync(path);
    const masks = mask.flatMap(([masked, offset, length]) => (masked === image ? [[offset, length] as const] : []));
    return { image, size, blocks: digestOfBlocks(dataBlocks(path), { sizeBytes: size, masks }) };
  }

  private pathOf(name: string): string {
    return join(this.directory.path, name);
  }

  private onLoop(name: string, work: (loop: string) => void): void {
    const loop = this.loops.get(name);
    if (loop !== undefined) work(loop);
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => (code === null ? reject(new Error(`killed by ${signal}`)) : resolve(code)));
  });
}

/** What an engine may say of a device. */
const ENGINE_STATES = new Set<string>(DISK_STATE_NAMES);

/**
 * When it was recorded, a drbdsetup that prints a disk state stood in for the kernel. Here an engine says it, or where it is a
 * word that no engine says, such a drbdsetup.
 */
async function startStandIn(runDir: string, directory: string, { run, attached = '' }: RunStep) {
  const state = attached.split('/')[0] ?? '';
  if (ENGINE_STATES.has(state)) {
    const minor = Number(run.find((word) => /^6\d\d\d$/.test(word)));
    const device = deviceState({ minor, diskState: state as DiskStateName });
    return startControlServer({ runDir }, { backend: new FakeBackend([resourceState({ devices: [device] })]) });
  }
  const path = join(directory, 'drbdsetup');
  writeFileSync(path, `#!/bin/sh\necho "${attached}"\n`, { mode: 0o755 });
  return { close: async () => rmSync(path) };
}
