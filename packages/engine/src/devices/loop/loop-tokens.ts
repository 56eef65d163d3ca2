/**
 * How a loop device of ours is known again when nothing else tells: an engine that is killed together with its mount
 * namespace leaves it attached to a file system that is mounted nowhere any more. The kernel still says the file's name
 * (as `/0.loop1.0f3a…`), and in that stands a random number of the engine that made it. It is noted in the run directory
 * before the first device, and until none of its devices is left.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { loopBackingFile } from './losetup';

const TOKEN_BYTES = 16;
const TOKEN = /^[0-9a-f]{32}$/;

export class LoopTokens {
  /** This engine's. */
  readonly own = randomBytes(TOKEN_BYTES).toString('hex');
  private earlier: readonly string[];

  constructor(private readonly noteFile: string) {
    this.earlier = readNote(noteFile);
  }

  /** Before the first device is made. */
  note(): void {
    this.write([...this.earlier, this.own]);
  }

  /** Loop devices of engines of this run directory, dead ones and this one. */
  attached(): string[] {
    return loopsOf([...this.earlier, this.own]);
  }

  /** What has no device any more is forgotten. */
  forgetDetached(): void {
    this.earlier = this.earlier.filter((token) => loopsOf([token]).length > 0);
    this.write(loopsOf([this.own]).length > 0 ? [...this.earlier, this.own] : this.earlier);
  }

  private write(tokens: readonly string[]): void {
    mkdirSync(dirname(this.noteFile), { recursive: true });
    writeFileSync(this.noteFile, tokens.map((token) => `${token}\n`).join(''));
  }
}

/** `loop3`. */
function loopsOf(tokens: readonly string[]): string[] {
  return readdirSync('/sys/block').filter((name) => {
    if (!name.startsWith('loop')) return false;
    const token = /^\d+\.loop\d+\.([0-9a-f]+)$/.exec(basename(loopBackingFile(name) ?? ''))?.[1];
    return token !== undefined && tokens.includes(token);
  });
}

function readNote(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => TOKEN.test(line));
  } catch {
    return []; // No engine had devices here.
  }
}
