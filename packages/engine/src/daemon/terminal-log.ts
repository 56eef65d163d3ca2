/** The log for a person who runs tsdrbdd on a terminal: a line per entry, coloured by its weight. */
import { Writable } from 'node:stream';
import { Chalk } from 'chalk';

type Shade = 'dim' | 'plain' | 'yellow' | 'red';

/** pino's levels. */
const WARN = 40;
const INFO = 30;
const ERROR = 50;

/** Takes pino's lines of JSON, gives lines of text to `write`. `colorLevel` as chalk's: 0 for none. */
export function terminalLog(colorLevel: 0 | 1 | 2 | 3, write: (text: string) => void): Writable {
  const chalk = new Chalk({ level: colorLevel });
  const paint: Readonly<Record<Shade, (text: string) => string>> = {
    dim: chalk.dim,
    plain: (text) => text,
    yellow: chalk.yellow,
    red: chalk.bold.red,
  };
  return new Writable({
    decodeStrings: false,
    write: (line: string | Buffer, _encoding, done) => {
      const { level, time, subject, msg, err, ...rest } = JSON.parse(String(line)) as LogEntry;
      const clock = chalk.dim(String(time ?? '').slice(11, 23));
      const more = Object.keys(rest).length === 0 ? '' : ` ${chalk.dim(JSON.stringify(rest))}`;
      const cause = err?.message === undefined ? '' : `: ${err.message}`;
      const text = paint[shadeOf(level)](`${msg ?? ''}${cause}`);
      write(`${clock} ${subject === undefined ? '' : `${chalk.cyan(subject)} `}${text}${more}\n`);
      done();
    },
  });
}

interface LogEntry {
  readonly level: number;
  readonly time?: string;
  readonly subject?: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

function shadeOf(level: number): Shade {
  if (level < INFO) return 'dim';
  if (level < WARN) return 'plain';
  return level < ERROR ? 'yellow' : 'red';
}
