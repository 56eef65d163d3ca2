/** Carries out steps, or prints them. Source: adm.md 1.9, 2.3, 5.1, 5.4. */
import type { CliIo } from '@tsdrbd/config';
import { AdmExit, EXIT } from '../adm-exit';
import type { Settings } from '../command-line/invocation';
import type { Command, Step } from '../plan/command';
import { commandText } from './command-text';
import type { Programs } from './programs';
import { registerConfig } from './registry';
import type { Streams } from './start-program';

const SHOWN: Streams = { stdout: 'shown', stderr: 'shown' };
/** A wait that ended because the peer did not come in time. */
const WAIT_TIMED_OUT = 5;
const STATE_CHANGE_FAILED = 11;
const NO_UP_TO_DATE_DISK = 17;
/** From here on a result is worth a message of its own. */
const REPORTED_FROM = 10;

export interface ExecutorContext {
  readonly invocation: { readonly settings: Settings };
  readonly io: CliIo;
  readonly programs: Programs;
  /** What handlers will find the resource's configuration by; null: read from stdin. */
  readonly configFile: string | null;
}

export class Executor {
  private readonly settings: Settings;
  private readonly io: CliIo;
  private readonly programs: Programs;

  constructor(
    private readonly context: ExecutorContext,
    /** adjust-with-progress keeps the commands' own errors off its report. */
    private readonly errors: 'shown' | 'discarded' = 'shown',
  ) {
    this.settings = context.invocation.settings;
    this.io = context.io;
    this.programs = context.programs;
  }

  /** Until the first that fails; its result. */
  async runSteps(steps: readonly Step[]): Promise<number> {
    for (const step of steps) {
      const exitCode = await this.runStep(step);
      if (exitCode !== EXIT.ok) return exitCode;
    }
    return EXIT.ok;
  }

  private async runStep(step: Step): Promise<number> {
    switch (step.kind) {
      case 'run':
        return await this.runCommand(step.command);
      case 'run-result-ignored':
        await this.runCommand(step.command);
        return EXIT.ok;
      case 'not-supported': {
        this.show(step.command);
        if (this.settings.dryRun) return EXIT.ok;
        const words = commandText(this.programs.words(step.command));
        this.io.stderr.write(`proxies are not supported by tsdrbd, not done: ${words}\n`);
        return step.exitCode;
      }
      case 'wait': {
        const exitCode = await this.runCommand(step.command);
        return exitCode === WAIT_TIMED_OUT && step.timeout === 'accepted' ? EXIT.ok : exitCode;
      }
      case 'ask-engine-first':
        return await this.askEngineFirst(step);
      case 'resize-or-check':
        return await this.resizeOrCheck(step);
      case 'ensure-device-uuid':
        return await this.ensureDeviceUuid(step);
      case 'print':
        this.io.stdout.write(step.text);
        return EXIT.ok;
      case 'complain':
        this.io.stderr.write(`${step.message}\n`);
        return step.exitCode;
      case 'refuse':
        throw new AdmExit(step.exitCode, step.message);
    }
  }

  private async runCommand(command: Command): Promise<number> {
    this.show(command);
    if (this.settings.dryRun) return EXIT.ok;
    const { exitCode } = await this.programs.run(command, { ...SHOWN, stderr: this.errors });
    if (exitCode === EXIT.ok && command.program === 'setup') await this.register(command);
    const isReported = command.timeLimit !== 'forever' && this.errors === 'shown';
    if (exitCode >= REPORTED_FROM && isReported) this.report(command, exitCode);
    return exitCode;
  }

  private async register(command: Command): Promise<void> {
    const { configFile } = this.context;
    if (configFile !== null) await registerConfig(this.io, command, configFile);
  }

  private report(command: Command, exitCode: number): void {
    const words = this.programs.words(command).join(' ');
    this.io.stderr.write(`Command '${words}' terminated with exit code ${exitCode}\n`);
  }

  private show(command: Command): void {
    const { dryRun, verbosity, shellVariable } = this.settings;
    if (!dryRun && verbosity === 0) return;
    if (shellVariable !== null && command.resource !== null) {
      this.io.stdout.write(`${shellVariable}=${command.resource}\n`);
    }
    this.io.stdout.write(`${commandText(this.programs.words(command))}\n`);
  }

  private async askEngineFirst(step: Extract<Step, { kind: 'ask-engine-first' }>): Promise<number> {
    this.show(step.command);
    if (this.settings.dryRun) return await this.runSteps(step.fallback);
    const { exitCode, stderr } = await this.programs.run(step.command, { stdout: 'shown', stderr: 'captured' });
    if (exitCode === EXIT.ok) return EXIT.ok;
    // What was killed by a signal is not tried in another way, except to outdate.
    if (exitCode < EXIT.ok && step.rule !== 'outdate') return exitCode;
    switch (step.rule) {
      case 'state':
        if (exitCode === STATE_CHANGE_FAILED || exitCode === NO_UP_TO_DATE_DISK) {
          this.io.stderr.write(stderr);
          return exitCode;
        }
        return step.fallback.length === 0 ? exitCode : await this.runSteps(step.fallback);
      case 'invalidate':
        if (exitCode === NO_UP_TO_DATE_DISK) this.io.stderr.write(stderr);
        if (exitCode === NO_UP_TO_DATE_DISK || exitCode === STATE_CHANGE_FAILED) return exitCode;
        return step.fallback.length === 0 ? exitCode : await this.runSteps(step.fallback);
      case 'outdate': {
        if (exitCode === NO_UP_TO_DATE_DISK || step.fallback.length === 0) return exitCode;
        const onDisk = await this.runSteps(step.fallback);
        return exitCode === WAIT_TIMED_OUT && onDisk !== EXIT.ok ? WAIT_TIMED_OUT : onDisk;
      }
    }
  }

  private async resizeOrCheck(step: Extract<Step, { kind: 'resize-or-check' }>): Promise<number> {
    this.show(step.resize);
    if (this.settings.dryRun) return await this.runSteps(step.onSuccess);
    const { exitCode } = await this.programs.run(step.resize, { stdout: 'shown', stderr: 'discarded' });
    return await this.runSteps(exitCode === EXIT.ok ? step.onSuccess : step.fallback);
  }

  /** The reading is not shown, not even by --verbose. */
  private async ensureDeviceUuid(step: Extract<Step, { kind: 'ensure-device-uuid' }>): Promise<number> {
    if (this.settings.dryRun) return EXIT.ok;
    const { exitCode, stdout } = await this.programs.run(step.read, { stdout: 'captured', stderr: 'shown' });
    const hasUuid = exitCode === EXIT.ok && /[1-9A-Fa-f]/.test(stdout);
    if (hasUuid) return EXIT.ok;
    // Loaded here: it costs every other command a tenth of its start.
    const { randomBytes } = await import('node:crypto');
    const uuid = randomBytes(8).toString('hex').toUpperCase();
    return await this.runCommand(step.writeOf(uuid));
  }
}
