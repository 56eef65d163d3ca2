/** Metadata of one format becomes that of another: both programs leave the same bytes and say the same. */
import { attach, contentOf, ours, theirs } from './beside-drbdmeta';

const GI = {
  v07: '1:18:52:86:120:1:1',
  v08: '1234567890ABCDE0:AAAA000000000002:0000000000000006:0000000000000008:1:1:0:1:0:1:1',
  v09: '1234567890ABCDE0:AAAA000000000002:0000000000000006:0000000000000008:1:1:0:1:1:0:0:1:0:1:0:1',
} as const;

export interface Conversion {
  readonly from: keyof typeof GI;
  readonly to: keyof typeof GI;
  readonly index: string;
  /** Of the v09 side. */
  readonly maxPeers: number;
}

const between = (
  from: Conversion['from'],
  to: Conversion['to'],
  indexes: readonly string[],
  peers: readonly number[],
) => indexes.flatMap((index) => peers.map((maxPeers): Conversion => ({ from, to, index, maxPeers })));

export const CONVERSIONS: readonly Conversion[] = [
  ...between('v08', 'v09', ['internal', 'flex-external', '1'], [1, 2, 7, 31]),
  ...between('v09', 'v08', ['internal', 'flex-external', '1'], [1]),
  ...between('v07', 'v08', ['flex-internal', 'flex-external'], [1]),
  ...between('v07', 'v09', ['flex-internal', 'flex-external'], [1, 7]),
  ...between('v08', 'v07', ['flex-internal', 'flex-external'], [1]),
];

export async function compareConversion({ from, to, index, maxPeers }: Conversion, sizeBytes: number): Promise<void> {
  const disks = [attach('ours', sizeBytes), attach('theirs', sizeBytes)] as const;
  const peersOf = (format: string): readonly string[] => (format === 'v09' ? [`${maxPeers}`] : []);
  for (const { loop } of disks) {
    const created = theirs('-', from, loop, index, 'create-md', ...peersOf(from));
    expect(created).toMatchObject({ exitCode: 0 });
    expect(theirs('--force', '--node-id=0', '-', from, loop, index, 'set-gi', GI[from])).toMatchObject({ exitCode: 0 });
  }
  expect(contentOf(disks[0])).toBe(contentOf(disks[1]));
  const converted = [
    await ours('--force', '-', to, disks[0].loop, index, 'create-md', ...peersOf(to)),
    theirs('--force', '-', to, disks[1].loop, index, 'create-md', ...peersOf(to)),
  ];
  expect(converted[0]?.stdout).toBe(converted[1]?.stdout);
  expect(converted.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(contentOf(disks[0])).toBe(contentOf(disks[1]));
}
