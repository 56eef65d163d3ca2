/** What every command gets: the command line, the ways to speak and to ask, and the machine. */
import type { CliIo } from '@tsdrbd/config';
import type { Invocation } from './command-line/invocation';
import { Questions, type Answer } from './questions';
import type { MetaSystem } from './system';

export class MetaContext {
  private readonly questions: Questions;

  constructor(
    readonly invocation: Invocation,
    /** The arguments as typed: the head of a dump repeats them. */
    readonly argv: readonly string[],
    readonly io: CliIo,
    readonly system: MetaSystem,
  ) {
    this.questions = new Questions(io, invocation.settings);
  }

  /** One line to stdout. */
  out(line: string): void {
    this.io.stdout.write(`${line}\n`);
  }

  /** One line to stderr. */
  err(line: string): void {
    this.io.stderr.write(`${line}\n`);
  }

  ask(question: string): Promise<Answer> {
    return this.questions.ask(question);
  }

  /** `--force --quiet` hides questions, and what introduces them. */
  get asksSilently(): boolean {
    return this.questions.silent;
  }

  /** How many questions were answered without being shown. */
  get suppressedCount(): number {
    return this.questions.suppressedCount;
  }

  get stateDirectory(): string {
    return this.invocation.settings.stateDirectory ?? this.system.stateDirectory;
  }
}
