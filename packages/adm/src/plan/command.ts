/** A command line as a value: planned here, printed by dry-run, run by the executor. */
export interface Command {
  readonly program: 'setup' | 'meta' | 'proxy' | 'shell';
  /** Without the program. */
  readonly argv: readonly string[];
  readonly timeLimit: TimeLimit;
  /** The resource on whose behalf it runs. */
  readonly resource: string | null;
  /** Set for it alone. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What it is for, in a few words: for logs and for readers of a plan. */
  readonly why: string;
}

/** Which of the global `cmd-timeout-*` settings ends it. Source: adm.md 1.8. */
export type TimeLimit = 'short' | 'medium' | 'long' | 'forever';

/**
 * What is done for one part of a resource; the steps of a list run in order, and the first that fails ends the list.
 */
export type Step =
  | { readonly kind: 'run'; readonly command: Command }
  | { readonly kind: 'run-result-ignored'; readonly command: Command }
  /** Work of a drbd-proxy: printed, and where it would act `exitCode` says whether that counts. */
  | { readonly kind: 'not-supported'; readonly command: Command; readonly exitCode: number }
  /** A wait: its result is a code to pass on, never worth a message. `timeout` is success inside adjust. */
  | { readonly kind: 'wait'; readonly command: Command; readonly timeout: 'passed-on' | 'accepted' }
  | {
      readonly kind: 'ask-engine-first';
      readonly command: Command;
      readonly rule: FallbackRule;
      readonly fallback: readonly Step[];
    }
  /** The fallback stands in for a resize that the engine cannot do. Source: adm.md 5.4. */
  | {
      readonly kind: 'resize-or-check';
      readonly resize: Command;
      readonly onSuccess: readonly Step[];
      readonly fallback: readonly Step[];
    }
  /** After create-md: read the device's UUID, and write a random one if it has none. */
  | { readonly kind: 'ensure-device-uuid'; readonly read: Command; writeOf(uuid: string): Command }
  | { readonly kind: 'print'; readonly text: string }
  /** Told, and the next target's turn. */
  | { readonly kind: 'complain'; readonly exitCode: number; readonly message: string }
  /** The end of the run. */
  | { readonly kind: 'refuse'; readonly exitCode: number; readonly message: string };

/**
 * When metadata on disk answers for an engine that cannot. `state` is the rule of dstate, show-gi, get-gi and
 * forget-peer. Source: adm.md 2.3.
 */
export type FallbackRule = 'state' | 'invalidate' | 'outdate';

export const run = (command: Command): Step => ({ kind: 'run', command });
