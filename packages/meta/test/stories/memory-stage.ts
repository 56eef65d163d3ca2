/** The program in this process, on devices in memory. */
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import type { CliIo } from '@tsdrbd/config';
import { OpenError } from '../../src/device/meta-device';
import { run } from '../../src/run';
import type { MetaSystem } from '../../src/system';
import type { RunResult, StoryStage } from './play-story';
import { SparseImage } from './sparse-image';
import { StoryDirectory } from './story-directory';
import type { RunStep, Story } from './story';

export class MemoryStage implements StoryStage {
  private readonly directory: StoryDirectory;
  private readonly images: ReadonlyMap<string, SparseImage>;
  lastStdout = '';

  constructor(private readonly story: Story) {
    this.directory = new StoryDirectory(story, { parent: tmpdir(), lastKnown: 'lkbd' });
    this.images = new Map(Object.entries(story.images).map(([name, { size }]) => [name, new SparseImage(size)]));
  }

  poke(name: string, offsetBytes: number, bytes: Buffer): void {
    this.image(name).write(offsetBytes, bytes);
  }

  resize(name: string, sizeBytes: number): void {
    this.image(name).resize(sizeBytes);
  }

  writeFile(name: string, text: string): void {
    this.directory.writeFile(name, text);
  }

  readFile(name: string): string {
    return this.directory.readFile(name);
  }

  close(): void {
    this.directory.remove();
  }

  async run(step: RunStep): Promise<RunResult> {
    const stdout = new Collector();
    const stderr = new Collector();
    const io: CliIo = {
      env: { TZ: 'UTC' },
      cwd: this.directory.path,
      stdin: this.stdinOf(step),
      stdout,
      stderr,
      now: () => 1_800_000_000_000,
    };
    const rc = await run(this.directory.words(step), io, this.system(step));
    this.lastStdout = stdout.text();
    return {
      rc,
      stdout: step.binary === true ? `sha256:${stdout.sha256()}` : this.directory.tidy(stdout.text()),
      stderr: this.directory.tidy(stderr.text()),
      lkbd: this.directory.lastKnown(step),
      images: step.images.map(({ image }) => ({
        image,
        size: this.image(image).sizeBytes,
        blocks: this.image(image).digest(
          (step.mask ?? []).filter(([masked]) => masked === image).map(([, offset, length]) => [offset, length]),
        ),
      })),
    };
  }

  private image(name: string): SparseImage {
    const image = this.images.get(name);
    if (image === undefined) throw new Error(`no image ${name}`);
    return image;
  }

  private stdinOf(step: RunStep): CliIo['stdin'] {
    if (step.tty !== undefined) return Object.assign(Readable.from([Buffer.from(step.tty)]), { isTTY: true });
    return Readable.from(step.stdin === undefined ? [] : [this.readFile(step.stdin)]);
  }

  private system(step: RunStep): MetaSystem {
    return {
      programName: 'drbdmeta',
      hostName: 'alice',
      regularFiles: 'refused-unless-forced',
      stateDirectory: this.directory.lastKnownPath,
      open: (path) => {
        const [name, definition] =
          Object.entries(this.story.images).find(([image]) => this.directory.imagePath(image) === path) ?? [];
        if (name === undefined) throw new OpenError('ENOENT', 'No such file or directory');
        return this.image(name).asDevice(path, definition?.kind === 'file' ? 'file' : 'block');
      },
      lockMinor: async () => ({ release: () => undefined }),
      engineDevices: async () => [],
      kernelDiskState: async () => step.attached ?? null,
      randomUuid: () => 0x0123456789abcdeen,
    };
  }
}

/** Text and bytes, kept as bytes. */
class Collector {
  private readonly parts: Buffer[] = [];
  write(chunk: string | Uint8Array): void {
    this.parts.push(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Buffer.from(chunk));
  }
  text(): string {
    return Buffer.concat(this.parts).toString('latin1');
  }
  sha256(): string {
    return createHash('sha256').update(Buffer.concat(this.parts)).digest('hex');
  }
}
