/** The directory of a story that is played: its text files, last-known files, and what stands for its paths in a record. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunStep, Story } from './story';

export class StoryDirectory {
  readonly path: string;
  /** What the program is given for `@image@`. */
  private readonly imagePaths = new Map<string, string>();

  readonly lastKnownPath: string;

  /** `lastKnown`: where the program has its last-known files, below the directory. */
  constructor(story: Story, { parent, lastKnown }: { readonly parent: string; readonly lastKnown: string }) {
    this.path = mkdtempSync(join(parent, 'tsdrbdmeta-story-'));
    this.lastKnownPath = join(this.path, lastKnown);
    for (const name of Object.keys(story.images)) this.imagePaths.set(name, join(this.path, name));
  }

  /** Behind a device node instead of by its file. */
  setImagePath(name: string, path: string): void {
    this.imagePaths.set(name, path);
  }

  imagePath(name: string): string {
    const path = this.imagePaths.get(name);
    if (path === undefined) throw new Error(`no image ${name}`);
    return path;
  }

  writeFile(name: string, text: string): void {
    writeFileSync(join(this.path, name), text, 'latin1');
  }

  readFile(name: string): string {
    return readFileSync(join(this.path, name), 'latin1');
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }

  /** The arguments of a step. */
  words({ run }: RunStep): readonly string[] {
    return run.map((word) =>
      word.replace(/@([\w.-]+)@/g, (_, name: string) => this.imagePaths.get(name) ?? join(this.path, name)),
    );
  }

  /** The last-known file of the minor that a step names; null: there is none. */
  lastKnown({ run }: RunStep): string | null {
    const minor = run.find((word) => /^6\d\d\d$/.test(word));
    const path = join(this.lastKnownPath, `drbd-minor-${minor}.lkbd`);
    return minor !== undefined && existsSync(path) ? this.tidy(readFileSync(path, 'latin1')) : null;
  }

  /** The same replacements as when it was recorded. */
  tidy(text: string): string {
    let result = text;
    // /dev/loop12 before /dev/loop1.
    const byLength = [...this.imagePaths].sort(([, a], [, b]) => b.length - a.length);
    for (const [name, path] of byLength) result = result.replaceAll(path, `@${name}@`);
    return result
      .replaceAll(`${this.lastKnownPath}/`, '@LKBD@/')
      .replaceAll(`${this.path}/`, '')
      .replace(/^# \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \[\d+\]$/gm, '# @TIME@')
      .replace(/^# [^\s>]+> /gm, '# @HOST@> ')
      .replace(/"dump_(time_utc|host)": *"[^"]*"/g, '"dump_$1": "@$1@"');
  }
}
