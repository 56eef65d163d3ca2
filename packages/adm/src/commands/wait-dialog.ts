/**
 * What `wait-con-int` shows while it waits: a dot every second, and after ten of them the question whether to go on.
 * Source: adm.md 6.2; the real drbdadm 9.22 on a terminal.
 */
import { settingOf, type CliOutput, type Configuration } from '@tsdrbd/config';

const SECOND_MS = 1000;
const DOTS = 10;
const PROMPT = ` To abort waiting enter 'yes' [ -- ]:`;
/** Column of the seconds, which are drawn over the two dashes; the cursor stays where it was. */
const SECONDS_COLUMN = 31;
/** On a terminal that does not make signals or ends of file of them. */
const CONTROL_C = '\u0003';
const CONTROL_D = '\u0004';
const CONTROLS_TO_ABORT = 3;

export interface DialogOptions {
  readonly configuration: Pick<Configuration, 'global' | 'resources'>;
  readonly output: CliOutput;
  /** What the user types; null: nobody can be asked. */
  readonly input: NodeJS.ReadableStream | null;
  readonly now: () => number;
}

export class WaitDialog {
  /** The user had enough. */
  readonly aborted: Promise<void>;
  private abort: () => void = () => undefined;
  private readonly startMs: number;
  private dots = 0;
  private line = '';
  private controls = 0;
  private timer: NodeJS.Timeout;

  constructor(private readonly options: DialogOptions) {
    this.aborted = new Promise((resolve) => (this.abort = resolve));
    this.startMs = options.now();
    this.timer = setInterval(() => this.drawDot(), SECOND_MS);
  }

  /** The waiting is over: the cursor goes to a line of its own. */
  end(): void {
    clearInterval(this.timer);
    this.options.input?.off('data', this.read);
    this.options.input?.pause();
    this.options.output.write('\n');
  }

  private drawDot(): void {
    this.options.output.write('.');
    this.dots += 1;
    if (this.dots < DOTS) return;
    clearInterval(this.timer);
    this.ask();
  }

  private ask(): void {
    const { configuration, input, output } = this.options;
    output.write(introduction(configuration));
    if (input === null) {
      output.write(` To abort waiting for DRBD connections, kill this process: kill ${process.pid}`);
      return;
    }
    output.write(`${PROMPT} `);
    this.drawSeconds();
    const { dialogRefresh } = configuration.global;
    if (dialogRefresh > 0) this.timer = setInterval(() => this.drawSeconds(), dialogRefresh * SECOND_MS);
    input.on('data', this.read);
  }

  private drawSeconds(): void {
    const seconds = Math.round((this.options.now() - this.startMs) / SECOND_MS);
    this.options.output.write(`\u001b[s\u001b[${SECONDS_COLUMN}G[${String(seconds).padStart(4)}]:\u001b[u`);
  }

  private readonly read = (chunk: Buffer | string): void => {
    for (const character of chunk.toString()) {
      if (character === '\n' || character === '\r') {
        if (this.line === 'yes') return this.abort();
        this.line = '';
        this.options.output.write(PROMPT);
        this.drawSeconds();
      } else if (character === CONTROL_C || character === CONTROL_D) {
        this.controls += 1;
        if (this.controls === CONTROLS_TO_ABORT) return this.abort();
      } else {
        this.line += character;
      }
    }
  };
}

/** The times are those of the first resource of the file, whether it is waited for or not. */
function introduction({ resources }: DialogOptions['configuration']): string {
  const [first] = resources;
  const seconds = (name: string) => (first === undefined ? undefined : settingOf(first.startup, name)) ?? '0';
  return `
***************************************************************
 DRBD's startup script waits for the peer node(s) to appear.
 - If this node was already a degraded cluster before the
   reboot, the timeout is ${seconds('degr-wfc-timeout')} seconds. [degr-wfc-timeout]
 - If the peer was available before the reboot, the timeout
   is ${seconds('wfc-timeout')} seconds. [wfc-timeout]
   (These values are for resource '${first?.name ?? ''}'; 0 sec -> wait forever)
`;
}
