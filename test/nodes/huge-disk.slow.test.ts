/** Disks of 1 TiB, sparse: 32 MiB of bitmap, and metadata a TiB behind the first byte. Times are printed, not judged. */
import { Pair } from './support/pair';
import { expectNoTrace } from './support/no-trace';
import { run, testWith } from './support/programs';

const TIB_MIB = 1024 * 1024;
const MEMORY_BYTES_MAX = 200 * 1024 * 1024;

let pair: Pair;
afterEach(() => pair.end());

testWith('qemu-io')(
  'create-md, up and primary on 1 TiB stay below 200 MiB of memory',
  async () => {
    pair = await Pair.create({ diskMib: TIB_MIB });
    const { alice, bob } = pair;
    const times: string[] = [];
    const timed = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      const startMs = performance.now();
      await act();
      times.push(`${what} ${((performance.now() - startMs) / 1000).toFixed(2)} s`);
    };
    for (const node of pair.nodes) {
      await timed(`${node.name} create-md`, () => node.does('create-md', 'r0'));
      await timed(`${node.name} up`, () => node.does('up', 'r0'));
    }
    await alice.until('connected', (_, peer) => peer?.replicationState === 'Established');
    await timed('skip of the initial sync', async () => {
      await alice.does('new-current-uuid', '--clear-bitmap', 'r0/0');
      await Promise.all(pair.nodes.map((node) => node.untilInSync()));
    });
    await timed('primary', () => alice.does('primary', 'r0'));

    // Both ends and the middle; then a crash, which makes the engines exchange their whole bitmaps.
    const write = (at: string) =>
      run('qemu-io', ['-f', 'raw', '-c', `write -P 0x6b ${at} 1M`, '-c', 'flush', alice.uri]);
    for (const at of ['0', '512G', '1023G']) expect(await write(at)).toMatchObject({ code: 0 });
    await bob.endEngine('SIGKILL');
    await alice.untilConnecting();
    expect(await write('700G')).toMatchObject({ code: 0 });
    await timed('bob up again, in sync', async () => {
      await bob.does('up', 'r0');
      await Promise.all(pair.nodes.map((node) => node.untilInSync(60_000)));
    });

    const memory = pair.nodes.map((node) => node.engineMemory());
    console.log(
      `1 TiB: ${times.join(', ')}; engines at most ${memory.map(({ peak }) => Math.round(peak / 1048576)).join(' and ')} MiB`,
    );
    for (const { peak } of memory) expect(peak).toBeLessThan(MEMORY_BYTES_MAX);
    await Promise.all(pair.nodes.map((node) => node.adm('secondary', 'r0')));
    await Promise.all(pair.nodes.map((node) => node.does('down', 'r0')));
    expectNoTrace(alice, bob);
  },
  120_000,
);
