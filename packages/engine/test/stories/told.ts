/**
 * What a node's log tells of its decisions, in a form that fits the module's log and ours: state changes, handshakes,
 * resyncs, handlers. UUIDs stand apart from the words, since their values differ from run to run.
 *
 * Everything else in a kernel log (threads, sizes of packets, times) is left out.
 */
export interface Told {
  /** Null: told of the connection, which means every volume. */
  readonly minor: number | null;
  readonly words: string;
  /** Hexadecimal, as printed. */
  readonly uuids: readonly string[];
}

const UUIDS = '([0-9A-F]{16}(?::[0-9A-F]{16}){3})';

interface Rule {
  readonly pattern: RegExp;
  readonly words: (match: RegExpExecArray) => string | null;
}

const whole = (pattern: RegExp): Rule => ({ pattern, words: ([text]) => text });

const RULES: readonly Rule[] = [
  { pattern: /^(?:[a-z_]+\( \S+ -> \S+ \) ?)+$/, words: ([text]) => stateChange(text) },
  {
    pattern: new RegExp(`^self ${UUIDS} bits:(\\d+)`),
    words: ([, , bits]) => `self bits:${bits}`,
  },
  {
    pattern: new RegExp(`^peer ${UUIDS} bits:(\\d+) flags:(\\S+)`),
    words: ([, , bits, flags]) => `peer bits:${bits} flags:${flags}`,
  },
  whole(/^uuid_compare\(\)=-?\d+ by rule \d+$/),
  whole(/^Becoming sync (?:source|target) due to disk states\.$/),
  whole(/^No resync, but \d+ bits in bitmap!$/),
  whole(/^Began resync as \S+ \(will sync \d+ KB/),
  { pattern: /^Resync done/, words: () => 'Resync done' },
  whole(/^Split-Brain detected.*$/),
  whole(/^I shall become .*$/),
  whole(/^Unrelated data, aborting!$/),
  whole(/^incompatible .* settings$/),
  whole(/^Authentication of peer failed$/),
  whole(/^Online verify found \d+ \d+k block out of sync!$/),
  whole(/^\d+ % had equal checksums, eliminated: \d+K; transferred \d+K total \d+K$/),
  whole(/^Preparing to skip initial sync$/),
  whole(/^Accepted new current UUID, preparing to skip initial sync$/),
  whole(/^Forced to consider local data as UpToDate!$/),
  { pattern: /PingAck did not arrive in time\.$/, words: () => 'PingAck did not arrive in time.' },
  { pattern: /^helper command: \/sbin\/drbdadm (\S+) \S+$/, words: ([, name]) => `handler ${name}` },
];

/** `[   15.770686] block drbd0: ...` or `[   15.1] drbd r0: ...`. */
export function parseTold(lines: readonly string[]): Told[] {
  const told: (Told & { readonly atMs: number })[] = [];
  for (const line of lines) {
    const [, at, block, text = ''] = /^\[ *([\d.]+)\] (?:block drbd(\d+)|drbd r0): (.*)$/.exec(line) ?? [];
    const telling = tellingOf(text.trim());
    if (telling === null) continue;
    const one = { ...telling, minor: block === undefined ? null : Number(block), atMs: Number(at) * 1000 };
    const last = told[told.length - 1];
    // One change of a volume and its connection is told in two lines.
    if (last !== undefined && one.minor === null && isStateChange(one) && isPauseFlag(last) && one.atMs - last.atMs < 1)
      told[told.length - 1] = {
        ...last,
        words: [...one.words.split(', '), ...last.words.split(', ')].sort().join(', '),
      };
    else told.push(one);
  }
  return told;
}

const isStateChange = ({ words }: Telling): boolean => / \S+>\S+$/.test(words);
const isPauseFlag = ({ words }: Telling): boolean => /^\w+_isp \d>\d$/.test(words);

type Telling = Omit<Told, 'minor'>;

export function tellingOf(text: string): Telling | null {
  for (const { pattern, words } of RULES) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const found = words(match);
    return found === null ? null : { words: found, uuids: text.match(/[0-9A-F]{16}/g) ?? [] };
  }
  return null;
}

/** Fields in an order of their own: the module's and ours differ. */
function stateChange(text: string): string {
  return [...text.matchAll(/([a-z_]+)\( (\S+) -> (\S+) \)/g)]
    .map(([, field, from, to]) => `${field} ${from}>${to}`)
    .sort()
    .join(', ');
}

/** What is told of one volume, in order. */
export const toldOf = (told: readonly Told[], minor: number): Told[] =>
  told.filter((one) => one.minor === null || one.minor === minor);
