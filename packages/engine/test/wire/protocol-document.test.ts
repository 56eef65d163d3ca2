/** docs/protocol.md says what the code does: the tables there, held to the packet table and to the core's own words. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Feature, PACKETS, PROTOCOL_MAX, PROTOCOL_MIN, type PacketRow } from '../../src/wire';

const source = join(__dirname, '..', '..', 'src');
const document = readFileSync(join(__dirname, '..', '..', '..', '..', 'docs', 'protocol.md'), 'utf8');

const rows = document
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** Everything that builds or takes packets: the core, and what the handshake of sockets and bitmaps is made of. */
const code = [
  ...sourceFiles(join(source, 'core')),
  join(source, 'wire', 'bitmap', 'bitmap-sender.ts'),
  join(source, 'wire', 'handshake', 'first-packet.ts'),
]
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');

function sourceFiles(directory: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return name.endsWith('.ts') && !name.endsWith('.test.ts') ? [path] : [];
  });
}

const taken = new Set([...code.matchAll(/case '(\w+)':/g)].map(([, kind]) => kind));
const firstPackets = new Set(['InitialMeta', 'InitialData']);
/** Kinds that are named other than to recognise them: not in a case, a comparison, a set or a type. */
const named = new Set(
  [
    ...code
      .replaceAll(/case '\w+':/g, '')
      .replaceAll(/[!=]== '\w+'/g, '')
      .replaceAll(/new Set\(\[[^\]]*\]\)/g, '')
      .replaceAll(/: '\w+'(?: \| (?:'\w+'|null))+/g, '')
      .matchAll(/'(\w+)'/g),
  ].map(([, kind]) => kind),
);

const versionsOf = ({ versionMin, versionMax }: PacketRow): string =>
  versionMax === 0 ? 'before' : `${versionMin} to ${versionMax}`;
const featureOf = ({ feature }: PacketRow): string =>
  Object.entries(Feature).find(([, flag]) => flag === feature)?.[0] ?? '';
const yesOrNo = (is: boolean): string => (is ? 'yes' : 'no');

test('every packet of the table is in the document as it is in the code, in its order', () => {
  const listed = rows.filter(([id]) => id?.startsWith('0x')).map((cells) => cells.slice(0, 7));
  const real = PACKETS.map((packet) => [
    `0x${packet.id.toString(16).padStart(2, '0')}`,
    packet.name,
    packet.socket,
    versionsOf(packet),
    featureOf(packet),
    yesOrNo(named.has(packet.kind)),
    yesOrNo(taken.has(packet.kind) || firstPackets.has(packet.kind)),
  ]);
  expect(listed).toEqual(real);
});

test('every version is there, and names the packets that it adds', () => {
  const versions = rows.filter(([version]) => /^\d+$/.test(version ?? ''));
  const numbers = versions.map(([version]) => Number(version));
  expect(numbers).toEqual(Array.from({ length: PROTOCOL_MAX - PROTOCOL_MIN + 1 }, (_, i) => PROTOCOL_MIN + i));
  for (const [version, adds = ''] of versions) {
    const added = PACKETS.filter(({ versionMin }) => versionMin === Number(version) && versionMin > PROTOCOL_MIN);
    for (const { name } of added) expect([version, adds.includes(name) ? name : '']).toEqual([version, name]);
  }
});

test('the features are all there', () => {
  for (const name of Object.keys(Feature)) expect(document).toContain(name);
});
