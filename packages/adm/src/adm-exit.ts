/** Why a run ends early; `run` prints the message and returns the code. Source: adm.md 1.10. */
export const EXIT = {
  ok: 0,
  usage: 1,
  timedOut: 5,
  config: 10,
  failed: 20,
  missingNumber: 100,
} as const;

export class AdmExit extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
    /** Where the message goes: usage texts are output, all else is an error. */
    readonly stream: 'stdout' | 'stderr' = 'stderr',
  ) {
    super(message);
    this.name = 'AdmExit';
  }
}
