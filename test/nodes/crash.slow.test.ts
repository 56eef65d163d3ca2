/**
 * Engines that are killed, again and again, at moments nobody chose, while applications write. What must hold: what was
 * acknowledged is there, on whichever node one looks, and in the end both disks hold the same.
 *
 * The moments are random and printed with a failure; no two runs are alike.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ResourceState } from '../../packages/engine/src/control';
import { Pair } from './support/pair';
import type { TestNode } from './support/node';
import { ROOT, run, succeeds, testWith, type Outcome } from './support/programs';

const WRITER = join(ROOT, 'scripts/demo-tools/block-writer.mjs');
const REGION_MIB = 2;

let pair: Pair;
beforeEach(async () => {
  pair = await Pair.running({ diskMib: 128 });
}, 30_000);
afterEach(() => pair.end());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Random writes with a checksum in each block, verified behind every 256 blocks and at the end. */
function fio(node: TestNode, seconds: number): Promise<Outcome> {
  const job =
    '--rw=randwrite --bsrange=4k-32k --iodepth=16 --offset=0 --size=48M --randrepeat=0 ' +
    `--verify=crc32c --verify_fatal=1 --verify_backlog=256 --do_verify=1 --time_based --runtime=${seconds}`;
  return run('fio', ['--name=load', '--ioengine=nbd', `--uri=${node.uri}`, ...job.split(' ')], {
    cwd: pair.directory,
    timeoutMs: 120_000,
  });
}

/** Writes until the server goes; resolves then. Rejects if a write was refused. */
function writeUntilCrash(node: TestNode, journal: string, regionMib: number): { readonly ended: Promise<Outcome> } {
  const argv = [WRITER, 'write', node.socketPath, journal, `--offset-mib=${regionMib}`, `--length-mib=${REGION_MIB}`];
  return { ended: run(process.execPath, argv, { timeoutMs: 120_000 }) };
}

function checkJournal(node: TestNode, journal: string, regionMib: number): Promise<string> {
  const argv = [WRITER, 'check', node.socketPath, journal, `--offset-mib=${regionMib}`, `--length-mib=${REGION_MIB}`];
  return succeeds(process.execPath, argv);
}

/** fio, once it has written something: it takes a second or more to start on a busy machine. */
async function fioThatWrites(node: TestNode, seconds: number): Promise<{ readonly ended: Promise<Outcome> }> {
  const written = (resource: ResourceState): number => resource.devices[0]?.statistics.writtenSectors ?? 0;
  const before = written(await node.until('there', () => true));
  const ended = fio(node, seconds);
  await node.until('written to', (resource) => written(resource) > before);
  return { ended };
}

async function untilAcknowledged(journal: string, writes: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!existsSync(journal) || statSync(journal).size < writes * 8) {
    if (performance.now() > deadline) throw new Error('no writes are acknowledged');
    await pause(5);
  }
}

testWith('fio')(
  "applications notice nothing when the Secondary's engine is killed",
  async () => {
    const { alice, bob } = pair;
    const applications = fio(alice, 20);
    const moments: number[] = [];
    let running = true;
    void applications.then(() => (running = false));
    while (running) {
      const ms = Math.round(200 + Math.random() * 1500);
      moments.push(ms);
      await pause(ms);
      if (!running) break;
      await bob.endEngine('SIGKILL');
      await pause(Math.random() * 300);
      await bob.does('up', 'r0');
      // Half of the kills hit a resync on its way.
      if (Math.random() < 0.5) await bob.untilInSync();
    }
    const { code, stdout, stderr } = await applications;
    expect({ code, moments, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, moments, output: '' });
    expect(moments.length).toBeGreaterThan(3);

    await Promise.all(pair.nodes.map((node) => node.untilInSync(60_000)));
    expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
  },
  120_000,
);

testWith('fio')(
  "nothing acknowledged is lost when the Primary's engine is killed, on the node itself or on the other",
  async () => {
    let primary: TestNode = pair.alice;
    let secondary: TestNode = pair.bob;
    const rounds: string[] = [];
    for (let round = 0; round < 8; round++) {
      const journal = join(pair.directory, `journal-${round}`);
      // A region of its own each time: a block of an earlier round would pass for a newer one.
      const regionMib = 64 + round * REGION_MIB;
      const load = await fioThatWrites(primary, 30);
      const { ended } = writeUntilCrash(primary, journal, regionMib);
      await untilAcknowledged(journal, 50);
      const ms = Math.round(Math.random() * 1500);
      await pause(ms);
      await primary.endEngine('SIGKILL');
      expect((await ended).code).toBe(0);
      // It verified all the while, and failed only because its server went away.
      const loaded = await load.ended;
      expect(loaded.code).not.toBe(0);
      expect(loaded.stdout + loaded.stderr).not.toMatch(/unrecognized|bad (header|magic)|verify: bad|verify failed/);
      expect(loaded.stdout).toContain('WRITE: bw=');

      const takeover = round % 2 === 1;
      rounds.push(`${ms} ms, ${takeover ? 'failover' : 'restart'}`);
      try {
        if (takeover) {
          await secondary.untilConnecting();
          await secondary.does('primary', 'r0');
          expect(await checkJournal(secondary, journal, regionMib)).toMatch(/acknowledged writes/);
          await primary.does('up', 'r0');
          await Promise.all(pair.nodes.map((node) => node.untilInSync(60_000)));
          [primary, secondary] = [secondary, primary];
        } else {
          await primary.does('up', 'r0');
          await Promise.all(pair.nodes.map((node) => node.untilInSync(60_000)));
          await primary.does('primary', 'r0');
          expect(await checkJournal(primary, journal, regionMib)).toMatch(/acknowledged writes/);
        }
      } catch (error) {
        throw new Error(`after ${rounds.join('; ')}: ${String(error)}\n${primary.logEnd()}\n${secondary.logEnd()}`, {
          cause: error,
        });
      }
    }
    // Each round's writes once more, from the node that was not always the Primary.
    for (let round = 0; round < rounds.length; round++) {
      await checkJournal(primary, join(pair.directory, `journal-${round}`), 64 + round * REGION_MIB);
    }
    expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
  },
  240_000,
);

testWith('fio')(
  'nothing acknowledged is lost when both engines are killed at once, or the second one while the first comes back',
  async () => {
    const { alice, bob } = pair;
    const rounds: string[] = [];
    for (let round = 0; round < 8; round++) {
      const journal = join(pair.directory, `journal-${round}`);
      const regionMib = 64 + round * REGION_MIB;
      const load = await fioThatWrites(alice, 30);
      const { ended } = writeUntilCrash(alice, journal, regionMib);
      await untilAcknowledged(journal, 50);
      await pause(Math.random() * 800);
      const apartMs = Math.round(Math.random() * 20);
      const order = Math.random() < 0.5 ? pair.nodes : [bob, alice];
      rounds.push(`${order[0]?.name} first, ${apartMs} ms apart`);
      try {
        await Promise.all([order[0]?.endEngine('SIGKILL'), pause(apartMs).then(() => order[1]?.endEngine('SIGKILL'))]);
        expect((await ended).code).toBe(0);
        await load.ended;
        if (round % 2 === 1) {
          // Once more, in the middle of coming back.
          await bob.does('up', 'r0');
          const coming = alice.adm('up', 'r0');
          await pause(Math.random() * 600);
          await bob.endEngine('SIGKILL');
          await coming;
          await bob.does('up', 'r0');
        } else {
          await Promise.all(pair.nodes.map((node) => node.does('up', 'r0')));
        }
        await Promise.all(pair.nodes.map((node) => node.untilInSync(60_000)));
        await alice.does('primary', 'r0');
        expect(await checkJournal(alice, journal, regionMib)).toMatch(/acknowledged writes/);
      } catch (error) {
        throw new Error(`after ${rounds.join('; ')}: ${String(error)}\n${alice.logEnd()}\n${bob.logEnd()}`, {
          cause: error,
        });
      }
    }
    await alice.does('secondary', 'r0');
    await bob.does('primary', 'r0');
    for (let round = 0; round < rounds.length; round++) {
      await checkJournal(bob, join(pair.directory, `journal-${round}`), 64 + round * REGION_MIB);
    }
    expect(await pair.downAndCompare()).toMatchObject({ firstDifference: null });
  },
  240_000,
);
