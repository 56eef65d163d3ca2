/**
 * A model of the grammar of drbd.conf: configurations as trees of statements, and texts of them with blanks, comments
 * and quotes where the grammar allows them. What must be unique is unique: names, node ids, minors, disks, ports.
 */
import fc from 'fast-check';
import { optionTable, type OptionGroup, type OptionRow } from '../src/options';

/** `words`, and `{ }` or `;` behind them. */
export interface Statement {
  readonly words: readonly string[];
  readonly block?: readonly Statement[];
}

export interface ModelOptions {
  /** Which options may appear. */
  readonly options?: (row: OptionRow) => boolean;
}

const HOSTS = ['alice', 'bob', 'charlie', 'dora'] as const;

export function randomConfiguration({ options = () => true }: ModelOptions = {}): fc.Arbitrary<string> {
  return fc.record({ tree: configuration(options), layout: layouts }).map(({ tree, layout }) => write(tree, layout));
}

const statement = (...words: string[]): Statement => ({ words });
const block = (words: readonly string[], statements: readonly Statement[]): Statement => ({ words, block: statements });

type Filter = (row: OptionRow) => boolean;

function configuration(filter: Filter): fc.Arbitrary<readonly Statement[]> {
  return fc
    .record({
      global: globalSection,
      common: fc.option(fc.tuple(...sections(filter)).map((list) => block(['common'], list.flat()))),
      resources: fc.uniqueArray(resourceName, { minLength: 1, maxLength: 4 }),
    })
    .chain(({ global, common, resources }) =>
      fc
        .tuple(...resources.map((name, index) => resource(name, index, filter)))
        .map((list) => [global, ...(common === null ? [] : [common]), ...list]),
    );
}

const globalSection: fc.Arbitrary<Statement> = fc
  .record({
    usage: fc.constantFrom('yes', 'no', 'ask'),
    minorCount: fc.option(fc.integer({ min: 1, max: 255 })),
    refresh: fc.option(fc.integer({ min: 0, max: 600 })),
    vnr: fc.boolean(),
  })
  .map(({ usage, minorCount, refresh, vnr }) =>
    block(
      ['global'],
      [
        statement('usage-count', usage),
        statement('disable-ip-verification'),
        ...(minorCount === null ? [] : [statement('minor-count', `${minorCount}`)]),
        ...(refresh === null ? [] : [statement('dialog-refresh', `${refresh}`)]),
        ...(vnr ? [statement('udev-always-use-vnr')] : []),
      ],
    ),
  );

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789._-/'.split('');
const resourceName = fc
  .tuple(
    fc.constantFrom('r', 'Res', 'vm', 'x y', 'a"b', 'back\\slash'),
    fc.array(fc.constantFrom(...letters), { maxLength: 6 }),
  )
  .map(([head, tail]) => head + tail.join(''));

/** Sections of options: each at most once, in any order. */
function sections(filter: Filter): fc.Arbitrary<readonly Statement[]>[] {
  const section = (name: string, ...groups: OptionGroup[]) =>
    fc.option(optionList(groups, filter), { freq: 2 }).map((list) => (list === null ? [] : [block([name], list)]));
  return [
    section('net', 'net'),
    section('disk', 'disk', 'peer-device', 'device'),
    section('options', 'resource'),
    section('startup', 'startup'),
    section('handlers', 'handlers'),
  ];
}

function optionList(groups: readonly OptionGroup[], filter: Filter): fc.Arbitrary<readonly Statement[]> {
  const rows = groups.flatMap((group) => optionTable[group]).filter((row) => filter(row) && !row.name.startsWith('_'));
  if (rows.length === 0) return fc.constant([]);
  return fc
    .uniqueArray(fc.constantFrom(...rows), { maxLength: 5, selector: ({ name }) => name })
    .chain((chosen) => fc.tuple(...chosen.map(option)));
}

const UNITS = { '1': ['', 'k', 'K'], s: ['', 's', 'k', 'M'], k: ['', 'k', 'M'] } as const;
const UNIT_BYTES: Readonly<Record<string, number>> = { s: 512, k: 1024, K: 1024, M: 1024 ** 2 };
const BASE_BYTES = { '1': 1, s: 512, k: 1024 } as const;

function option({ name, type }: OptionRow): fc.Arbitrary<Statement> {
  switch (type.kind) {
    case 'boolean':
      return fc.constantFrom([name, 'yes'], [name, 'no'], [name], [`no-${name}`]).map((words) => ({ words }));
    case 'flag':
      return fc.constantFrom([name, 'yes'], [name]).map((words) => ({ words }));
    case 'enum':
      return fc.constantFrom(...type.words).map((word) => statement(name, word));
    case 'number':
      return fc
        .record({ unit: fc.constantFrom(...UNITS[type.unit]), at: fc.double({ min: 0, max: 1, noNaN: true }) })
        .map(({ unit, at }) => statement(name, numberText(type, unit, at)));
    case 'number-or-word':
      return fc
        .oneof(fc.constantFrom(...Object.keys(type.words)), fc.integer({ min: type.min, max: type.max }).map(String))
        .map((word) => statement(name, word));
    case 'string':
      return fc
        .array(fc.constantFrom(...letters, ' ', '#', ';', '{', '"', '\\', '$', "'"), {
          minLength: 1,
          maxLength: Math.min(type.maxBytes, 40),
        })
        .map((characters) => statement(name, characters.join('')));
    case 'minor-reference':
      // Of a resource that is not there: told of, and left out.
      return fc.constant(statement(name, 'elsewhere/0'));
  }
}

const DIGITS_MAX = 99_999_999;

/** In the option's range, whatever the unit letter; small enough for the eight digits of an integer. */
function numberText(
  { min, max, unit: base }: Extract<OptionRow['type'], { kind: 'number' }>,
  unit: string,
  at: number,
): string {
  const scale = unit === '' ? 1 : (UNIT_BYTES[unit] ?? 1) / BASE_BYTES[base];
  const low = Math.ceil(min / scale);
  const high = Math.min(Math.floor(max / scale), DIGITS_MAX);
  if (low > high || scale < 1) return `${Math.min(min + Math.floor(at * (Math.min(max, DIGITS_MAX) - min)), max)}`;
  return `${low + Math.floor(at * (high - low))}${unit}`;
}

/** Where the volumes are written: once for all hosts, or in each host's section. */
interface Shape {
  readonly hosts: readonly string[];
  readonly volumes: readonly number[];
  readonly volumesIn: 'resource' | 'hosts';
  readonly implicit: boolean;
  readonly connections: 'implicit' | 'mesh' | 'written' | 'paths';
  readonly family: 'ipv4' | 'plain' | 'ipv6' | 'ssocks';
  readonly floating: boolean;
  readonly legacyProtocol: 'A' | 'B' | 'C' | null;
  readonly domain: string;
}

const shapes: fc.Arbitrary<Shape> = fc
  .record({
    hosts: fc.shuffledSubarray([...HOSTS], { minLength: 2, maxLength: 4 }),
    volumes: fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 3 }),
    volumesIn: fc.constantFrom('resource', 'hosts'),
    implicit: fc.boolean(),
    connections: fc.constantFrom('implicit', 'mesh', 'written', 'paths'),
    family: fc.constantFrom('ipv4', 'plain', 'ipv6', 'ssocks'),
    floating: fc.boolean(),
    legacyProtocol: fc.option(fc.constantFrom('A', 'B', 'C'), { freq: 5 }),
    domain: fc.constantFrom('', '', '.example.com'),
  })
  .map((shape) => ({
    ...shape,
    volumes: shape.implicit ? [0] : shape.volumes,
    // ssocks addresses are taken for this host's wherever they are: two of them would be ambiguous.
    floating: isFloating(shape),
    connections: shape.connections === 'implicit' && shape.hosts.length > 2 ? 'mesh' : shape.connections,
  }));

function isFloating({ floating, connections, hosts, family }: Shape): boolean {
  return floating && connections === 'implicit' && hosts.length === 2 && family !== 'ssocks';
}

function resource(name: string, index: number, filter: Filter): fc.Arbitrary<Statement> {
  return shapes.chain((shape) =>
    fc
      .record({
        sections: fc.tuple(...sections(filter)).map((list) => list.flat()),
        volumes: fc.tuple(...shape.volumes.map((vnr) => volume(vnr, index, shape, filter))),
        connections: connections(shape, index, filter),
        order: fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      })
      .map(({ sections: options, volumes, connections: links, order }) => {
        const written = volumes.flat();
        const protocol = shape.legacyProtocol;
        const hasNet = options.some(({ words, block: list }) => {
          return words[0] === 'net' && list?.some((entry) => entry.words[0] === 'protocol') === true;
        });
        const statements: readonly Statement[] = [
          ...(protocol === null || hasNet ? [] : [statement('protocol', protocol)]),
          ...(shape.volumesIn === 'resource' ? written : []),
          ...shape.hosts.map((host, number) => hostSection(host, number, { shape, index, volumes: written })),
          ...links,
          ...options,
        ];
        const keyed = statements.map((entry) => ({ entry, key: order.next().value ?? 0 }));
        return block(
          ['resource', name],
          keyed.sort((a, b) => a.key - b.key).map(({ entry }) => entry),
        );
      }),
  );
}

function volume(vnr: number, index: number, shape: Shape, filter: Filter): fc.Arbitrary<readonly Statement[]> {
  const minor = index * 50 + vnr;
  const disk = `/dev/vg ${index}/lv${vnr}`;
  return fc
    .record({
      device: fc.constantFrom(['device', 'minor', `${minor}`], ['device', `/dev/drbd${minor}`, 'minor', `${minor}`]),
      metaDisk: fc.option(
        fc.constantFrom(
          ['meta-disk', 'internal'],
          ['flexible-meta-disk', `/dev/md${minor}`],
          ['meta-disk', `/dev/md-${index}`, '[', `${vnr}`, ']'],
        ),
      ),
      // At one level only: two that disagree are an error that other tests look for.
      options:
        shape.volumesIn === 'hosts' && !shape.implicit ? fc.option(optionList(['disk'], filter)) : fc.constant(null),
    })
    .map(({ device, metaDisk, options }) => {
      const statements: readonly Statement[] = [
        { words: device },
        statement('disk', disk),
        ...(options === null ? [] : [block(['disk'], options)]),
        ...(metaDisk === null ? [] : [{ words: metaDisk }]),
      ];
      return shape.implicit ? statements : [block(['volume', `${vnr}`], statements)];
    });
}

interface HostContext {
  readonly shape: Shape;
  readonly index: number;
  readonly volumes: readonly Statement[];
}

function hostSection(host: string, number: number, { shape, index, volumes }: HostContext): Statement {
  const where = addressWords(shape, host, 7000 + index);
  const statements: readonly Statement[] = [
    statement('node-id', `${number}`),
    ...(shape.floating ? [] : [{ words: ['address', ...where] }]),
    ...(shape.volumesIn === 'hosts' ? volumes : []),
  ];
  return shape.floating ? block(['floating', ...where], statements) : block(['on', host + shape.domain], statements);
}

function addressWords({ family }: Shape, host: string, port: number, network = 0): readonly string[] {
  const number = HOSTS.findIndex((name) => name === host) + 1;
  switch (family) {
    case 'plain':
      return [`10.${network}.0.${number}`, ':', `${port}`];
    case 'ipv4':
    case 'ssocks':
      return [family, `10.${network}.0.${number}`, ':', `${port}`];
    case 'ipv6':
      return ['ipv6', '[', `fd00:${network}::${number}`, ']', ':', `${port}`];
  }
}

function connections(shape: Shape, index: number, filter: Filter): fc.Arbitrary<readonly Statement[]> {
  const { hosts, domain } = shape;
  switch (shape.connections) {
    case 'implicit':
      return fc.constant([]);
    case 'mesh':
      return fc.constant([block(['connection-mesh'], [statement('hosts', ...hosts.map((host) => host + domain))])]);
    case 'written':
    case 'paths': {
      const pairs = hosts.flatMap((a, at) => hosts.slice(at + 1).map((b) => [a, b] as const));
      return fc.tuple(...pairs.map((pair, number) => connection(pair, { shape, index, filter, number })));
    }
  }
}

interface ConnectionContext {
  readonly shape: Shape;
  readonly index: number;
  readonly filter: Filter;
  readonly number: number;
}

function connection(
  pair: readonly [string, string],
  { shape, index, filter, number }: ConnectionContext,
): fc.Arbitrary<Statement> {
  return fc
    .record({
      net: fc.option(optionList(['net'], filter)),
      address: fc.boolean(),
    })
    .map(({ net, address }) => {
      const endpoint = (host: string, network: number): Statement => {
        const port = 8000 + index * 100 + number;
        const words = ['host', host + shape.domain];
        return {
          words: address || network > 0 ? [...words, 'address', ...addressWords(shape, host, port, network)] : words,
        };
      };
      const ends = (network: number) => pair.map((host) => endpoint(host, network));
      return block(
        ['connection'],
        [
          ...(shape.connections === 'paths' ? [1, 2].map((network) => block(['path'], ends(network))) : ends(0)),
          ...(net === null ? [] : [block(['net'], net)]),
        ],
      );
    });
}

/** How a text is laid out; the choices are made one after the other as words are written. */
type Layout = Iterator<number>;

const layouts: fc.Arbitrary<Layout> = fc.infiniteStream(fc.integer({ min: 0, max: 99 }));

const GAPS = ['\n', '\t', '  ', ' # words; "not" { read }\n', '\r\n', '\n\n'];

function write(statements: readonly Statement[], layout: Layout): string {
  const next = () => layout.next().value as number;
  const gap = (): string => {
    const choice = next();
    return choice < 70 ? ' ' : (GAPS[choice % GAPS.length] ?? ' ');
  };
  const word = (text: string, position: number): string => {
    if (/^[[\]:]$/.test(text)) return text;
    const mustQuote = !/^[A-Za-z0-9/._-]{1,128}$/.test(text) && !isAddress(text);
    // Keywords and numbers mean something else in quotes; values after the first word do not.
    const mayQuote = position > 0 && /^[a-z/][A-Za-z/._]*$/.test(text) && !KEYWORD_VALUES.has(text);
    return mustQuote || (mayQuote && next() < 15) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text;
  };
  const one = ({ words, block: inner }: Statement): string => {
    const head = words.map((text, index) => word(text, index)).join(gap());
    if (inner === undefined) return `${head}${next() < 20 ? gap() : ''};${gap()}`;
    return `${head}${gap()}{${gap()}${inner.map(one).join('')}}${gap()}`;
  };
  return statements.map(one).join('');
}

function isAddress(text: string): boolean {
  return /^fd00:\d+::\d+$/.test(text);
}

/** Words that the grammar asks for as such. */
const KEYWORD_VALUES: ReadonlySet<string> = new Set([
  ...['minor', 'ipv4', 'ipv6', 'ssocks', 'address', 'yes', 'no', 'ask', 'host', 'disk', 'net', 'internal'],
]);
