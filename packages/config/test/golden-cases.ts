/** Recorded runs of drbdadm 9.34, and what tsdrbd makes of the same configurations in this process. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dump, loadConfiguration, nodeReader, type Surroundings } from '../src';

const GOLDEN = join(__dirname, 'golden', 'drbdadm-9.34');
export const CONFIGS = join(GOLDEN, 'configs');

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GoldenCase extends Run {
  /** `-c FILE [-d] [-v] dump|dump-xml [NAME ...]` */
  readonly argv: readonly string[];
  readonly configuration: string;
  readonly node: string;
  readonly stdin: string;
}

interface RecordedCase {
  readonly argv: readonly string[];
  readonly node: string | null;
  readonly stdin?: string;
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The recorder keeps bytes as Latin-1. */
function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

export function goldenCases(file = 'dump.jsonl.gz'): readonly GoldenCase[] {
  const lines = gunzipSync(readFileSync(join(GOLDEN, file)))
    .toString('utf8')
    .trim()
    .split('\n');
  return lines.map((line) => {
    const recorded = JSON.parse(line) as RecordedCase;
    return {
      argv: recorded.argv,
      configuration: recorded.argv[1] ?? '',
      node: recorded.node ?? 'alice',
      stdin: utf8(recorded.stdin ?? ''),
      exitCode: recorded.rc,
      stdout: utf8(recorded.stdout),
      // The first lines tell of __DRBD_NODE__; tsdrbdadm prints them, not the configuration.
      stderr: utf8(recorded.stderr).replace(/^\n {3}found __DRBD_NODE__ in environment\n.*\n\n/, ''),
    };
  });
}

/** The recording host had these addresses on no interface; all others of the configurations were up. */
const ABSENT = /^(10\.254\.9\.[12]|fd99::1|10\.77\..*|fd77::.*)$/;

export function recordingHost(nodeName: string): Surroundings {
  return {
    nodeName,
    moduleVersion: '9.2.0',
    isTerminal: false,
    addressState: ({ address }) => (ABSENT.test(address) ? 'absent' : 'up'),
  };
}

/** What the same command line does here. */
export function runDump(golden: GoldenCase): Run {
  const [, path = '', ...rest] = golden.argv;
  const at = rest.findIndex((word) => word.startsWith('dump'));
  const flags = rest.slice(0, at);
  const names = rest.slice(at + 1);
  const source = path === '-' ? ({ kind: 'stdin', text: golden.stdin } as const) : ({ kind: 'file', path } as const);
  const surroundings = recordingHost(golden.node);
  const loaded = loadConfiguration({ source }, { reader: nodeReader({ cwd: CONFIGS }), surroundings });
  if (loaded.kind === 'refused') {
    return { exitCode: loaded.exitCode, stdout: '', stderr: lines(loaded.diagnostics.map(({ text }) => text)) };
  }
  const { config } = loaded;
  const result = dump(config, {
    format: rest[at] === 'dump-xml' ? 'xml' : 'text',
    nodeName: golden.node,
    names: names[0] === 'all' ? [] : names,
    detail: flags.includes('-v') ? 'expanded' : 'written',
    inheritance: flags.includes('-d') ? 'shown' : 'hidden',
    addresses: flags.includes('-d') ? 'unchecked' : 'checked',
  });
  const said = config.diagnostics.filter(({ severity }) => severity !== 'note' || flags.includes('-v'));
  return {
    exitCode: result.exitCode,
    stdout: portable(result.stdout),
    stderr: lines([...said.map(({ text }) => text), ...result.messages]),
  };
}

function lines(texts: readonly string[]): string {
  return portable(texts.map((text) => `${text}\n`).join(''));
}

/** The path of the configurations as the recorder wrote it; it made quotes necessary. */
function portable(text: string): string {
  return text.replaceAll(CONFIGS, '@CONF@').replace(/template-file (@[^;]*);/g, 'template-file "$1";');
}
