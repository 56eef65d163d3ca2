/** What the parser and the checks have to say, worded as drbdadm does. Source: config.md 7. */

/** `stop`: nothing more is read; `late`: noticed, reading goes on; `warning`: without consequence;
 * `note`: for `-v` only. */
export type Severity = 'stop' | 'late' | 'warning' | 'note';

export interface Diagnostic {
  readonly severity: Severity;
  /** The complete text for stderr, without the final newline. */
  readonly text: string;
}

/** Exit codes of drbdadm that concern the configuration (config.md 0). */
export const EXIT_OK = 0;
export const EXIT_USAGE = 1;
export const EXIT_INVALID = 10;
export const EXIT_CANNOT_OPEN = 20;

/** Ends the reading of a configuration at once. */
export class ConfigError extends Error {
  constructor(
    /** The complete text for stderr, without the final newline; empty if it was reported already. */
    readonly text: string,
    readonly exitCode: number = EXIT_INVALID,
  ) {
    super(text);
    this.name = 'ConfigError';
  }
}
