/** What all files of one run share: the configuration being built, the tables of what may stand once, the messages. */
import type { Configuration, ConfigReader, Diagnostic, Severity, Surroundings } from '../model';
import { StatementTable, UniquenessTable } from './uniqueness';

export interface ParseRun {
  readonly reader: ConfigReader;
  readonly surroundings: Surroundings;
  readonly configuration: Configuration;
  readonly diagnostics: Diagnostic[];
  /** Keys that must be unique in the whole run. */
  readonly unique: UniquenessTable;
  /** Keys that must be unique in one resource; emptied by each resource, common and template-file. */
  readonly uniqueInResource: StatementTable;
  /** Canonical paths of the files read so far; none is included twice. */
  readonly filesRead: Set<string>;
  /** Line of the last host or option section that was read. */
  lastSectionLine: number;
  /** Some connection or host has one. */
  hasProxies: boolean;
}

export function newParseRun(
  configuration: Configuration,
  { reader, surroundings }: { readonly reader: ConfigReader; readonly surroundings: Surroundings },
): ParseRun {
  return {
    reader,
    surroundings,
    configuration,
    diagnostics: [],
    unique: new UniquenessTable(),
    uniqueInResource: new StatementTable(),
    filesRead: new Set(),
    lastSectionLine: 0,
    hasProxies: false,
  };
}

export function report(run: Pick<ParseRun, 'diagnostics'>, severity: Exclude<Severity, 'stop'>, text: string): void {
  run.diagnostics.push({ severity, text });
}

/** Nothing was said that stops commands. */
export function isValid({ diagnostics }: Pick<ParseRun, 'diagnostics'>): boolean {
  return diagnostics.every(({ severity }) => severity === 'warning' || severity === 'note');
}
