/** One recorded story as it lies in `recorded/`: what was typed in which order, and all that two kernel nodes told. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseTold, type Told } from './told';

export type NodeName = 'alice' | 'bob';
export const NODE_NAMES: readonly NodeName[] = ['alice', 'bob'];

export interface Step {
  /** Line in alice.txt, which holds the commands of both. */
  readonly line: number;
  /** Uptime of alice. */
  readonly atSeconds: number;
  readonly kind: 'command' | 'wait' | 'note';
  readonly node: NodeName;
  /** What was typed; the pattern waited for; the note. */
  readonly text: string;
  readonly output: readonly string[];
  readonly exitCode: number;
}

export interface RecordedNode {
  readonly told: readonly Told[];
  /** Exit codes of handlers, in the order in which they ended: `fence-peer` to 4, 5, 7. */
  readonly helperExitCodes: ReadonlyMap<string, readonly number[]>;
}

export interface RecordedStory {
  readonly name: string;
  readonly conf: string;
  readonly steps: readonly Step[];
  readonly nodes: Readonly<Record<NodeName, RecordedNode>>;
  /** `alice volume 0 8152 KiB sha256 ...`: the data areas at the end. */
  readonly sums: readonly string[];
  readonly capture: string;
}

const RECORDED = join(__dirname, 'recorded');
const CAPTURES = join(__dirname, '..', 'vectors', 'drbd-8.4.11-stories');

export const storyNames = (): string[] => readdirSync(RECORDED).sort();

export function recordedStory(name: string): RecordedStory {
  const read = (file: string): string => readFileSync(join(RECORDED, name, file), 'utf8');
  const alice = read('alice.txt').split('\n');
  return {
    name,
    conf: read('drbd.conf'),
    steps: stepsOf(alice),
    nodes: { alice: recordedNode(alice), bob: recordedNode(read('bob.txt').split('\n')) },
    sums: read('sums.txt').split('\n').filter(Boolean),
    capture: join(CAPTURES, `${name}.pcap.gz`),
  };
}

const PROMPT = /^\[([\d.]+)\] (alice|bob)\$ (.*)$/;
const WAITED = /^\[([\d.]+)\] (?:reached|TIMEOUT waiting): (.*)$/;
const BOB_WAITS = /^w \d+ (.*)$/;

function stepsOf(lines: readonly string[]): Step[] {
  const steps: Step[] = [];
  let output: string[] = [];
  let exitCode = 0;
  let pending: Omit<Step, 'output' | 'exitCode'> | null = null;
  const finish = (): void => {
    if (pending !== null) steps.push({ ...pending, output, exitCode });
    pending = null;
    output = [];
    exitCode = 0;
  };
  const end = lines.findIndex((line) => line.startsWith('### HELPERS'));
  lines.slice(0, end).forEach((text, index) => {
    const line = index + 1;
    const [, atText = '', node = '', typed = ''] = PROMPT.exec(text) ?? [];
    const [, waitAt = '', pattern = ''] = WAITED.exec(text) ?? [];
    if (typed !== '') {
      finish();
      const waits = BOB_WAITS.exec(typed)?.[1];
      pending = {
        line,
        atSeconds: Number(atText),
        kind: waits === undefined ? 'command' : 'wait',
        node: node as NodeName,
        text: waits ?? typed,
      };
    } else if (pattern !== '') {
      // The answer to a wait that was typed on bob, or a wait of alice, which was not echoed.
      const ofBob = pending?.kind === 'wait' && pending.node === 'bob';
      finish();
      if (!ofBob) {
        const atSeconds = steps.reduce((latest, step) => Math.max(latest, step.atSeconds), Number(waitAt));
        const timedOut = text.includes('TIMEOUT');
        steps.push({
          line,
          atSeconds,
          kind: 'wait',
          node: 'alice',
          text: pattern,
          output: [],
          exitCode: timedOut ? 1 : 0,
        });
      }
    } else if (text.startsWith('--- ') || text.startsWith('(')) {
      finish();
      const atSeconds = steps[steps.length - 1]?.atSeconds ?? 0;
      steps.push({ line, atSeconds, kind: 'note', node: 'alice', text, output: [], exitCode: 0 });
    } else if (/^rc=\d+$/.test(text)) exitCode = Number(text.slice(3));
    else if (text !== '' && !text.startsWith('[')) output.push(text);
  });
  finish();
  return steps;
}

function recordedNode(lines: readonly string[]): RecordedNode {
  const helpers = lines.findIndex((line) => line.startsWith('### HELPERS'));
  const dmesg = lines.findIndex((line) => line.startsWith('### DMESG'));
  const codes = new Map<string, number[]>();
  for (const line of lines.slice(helpers, dmesg)) {
    const [, helper = '', code = ''] = /kernel: helper (\S+) \S+ exit code (\d+)/.exec(line) ?? [];
    if (helper !== '') codes.set(helper, [...(codes.get(helper) ?? []), Number(code)]);
  }
  return { told: parseTold(lines.slice(dmesg + 1)), helperExitCodes: codes };
}
