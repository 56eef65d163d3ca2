/** Two nodes, alice and bob, on loopback addresses of their own, with one resource r0 of one volume between them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateMounts } from './private-mounts';
import { TestNode, firstDifference } from './node';

// Starting processes takes long on a busy machine; what has to happen has time limits of its own.
jest.setTimeout(60_000);

export interface PairOptions {
  readonly diskMib?: number;
  /** Of alice's and bob's volume 0. */
  readonly minors?: readonly [number, number];
  /** Further lines of the sections, such as `on-io-error detach;`. */
  readonly net?: string;
  readonly disk?: string;
  readonly options?: string;
  readonly handlers?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** This node's backing disk is a sparse file on a file system with less room than the file seems to have. */
  readonly smallDisk?: SmallDisk;
}

export interface SmallDisk {
  readonly of: 'alice' | 'bob';
  readonly roomMib: number;
  /** Writes to tmpfs happen at once, those to ext4 on a thread; ext4 takes root. */
  readonly fileSystem?: 'tmpfs' | 'ext4';
}

/** What a small disk's file system has when it was given room. */
const LARGE_MIB = 96;

export class Pair {
  readonly alice: TestNode;
  readonly bob: TestNode;

  private constructor(
    readonly directory: string,
    readonly configPath: string,
    readonly addresses: { readonly alice: string; readonly bob: string; readonly port: number },
    options: PairOptions,
    readonly mounts: PrivateMounts | null,
  ) {
    const diskBytes = (options.diskMib ?? 32) * 1024 * 1024;
    const node = (name: string): TestNode =>
      new TestNode({
        name,
        directory: join(directory, name),
        configPath,
        diskBytes,
        env: options.env ?? {},
        ...(mounts !== null && options.smallDisk?.of === name && { mounts }),
      });
    this.alice = node('alice');
    this.bob = node('bob');
  }

  /** Files and addresses only: nothing runs yet. */
  static async create(options: PairOptions = {}): Promise<Pair> {
    const directory = mkdtempSync(join(tmpdir(), 'tsdrbd-nodes-'));
    const configPath = join(directory, 'drbd.conf');
    const addresses = await freeAddresses();
    let mounts: PrivateMounts | null = null;
    if (options.smallDisk !== undefined) mounts = await mountSmall(directory, options.smallDisk);
    const pair = new Pair(directory, configPath, addresses, options, mounts);
    const minors = options.minors ?? [0, 0];
    writeFileSync(
      configPath,
      `global { usage-count no; }
resource r0 {
    meta-disk internal;
    options { ${options.options ?? ''} }
    handlers { ${options.handlers ?? ''} }
    net { protocol C; connect-int 1; ${options.net ?? ''} }
    disk { c-plan-ahead 0; resync-rate 200M; c-min-rate 0; ${options.disk ?? ''} }
    on alice { node-id 0; device minor ${minors[0]}; disk ${pair.alice.diskPath}; address ${addresses.alice}:${addresses.port}; }
    on bob { node-id 1; device minor ${minors[1]}; disk ${pair.bob.diskPath}; address ${addresses.bob}:${addresses.port}; }
}
`,
    );
    return pair;
  }

  /** Created, up, in sync without having synchronised, alice Primary. */
  static async running(options: PairOptions = {}): Promise<Pair> {
    const pair = await Pair.create(options);
    try {
      await pair.start();
      return pair;
    } catch (error) {
      // What went wrong first is what counts.
      await pair.end().catch(() => undefined);
      throw error;
    }
  }

  get nodes(): readonly [TestNode, TestNode] {
    return [this.alice, this.bob];
  }

  async start(): Promise<void> {
    await Promise.all(
      this.nodes.map(async (node) => {
        await node.does('create-md', 'r0');
        await node.does('up', 'r0');
      }),
    );
    await this.alice.until('connected', (_, peer) => peer?.replicationState === 'Established');
    await this.alice.does('new-current-uuid', '--clear-bitmap', 'r0/0');
    await Promise.all(this.nodes.map((node) => node.untilInSync()));
    await this.alice.does('primary', 'r0');
  }

  /** Both nodes down; then the data of both disks is compared, without the metadata behind it. */
  async downAndCompare(): Promise<{ readonly comparedBytes: number; readonly firstDifference: number | null }> {
    const state = await this.alice.state();
    const sectors = state?.resources[0]?.devices[0]?.statistics.sizeSectors ?? 0;
    await Promise.all(this.nodes.map((node) => node.adm('secondary', 'r0')));
    await Promise.all(this.nodes.map((node) => node.does('down', 'r0')));
    const comparedBytes = sectors * 512;
    return {
      comparedBytes,
      firstDifference: firstDifference(this.alice.diskPathOutside, this.bob.diskPathOutside, comparedBytes),
    };
  }

  /** The file system of the small disk has room for all of it from now on. */
  async giveRoom(of: 'alice' | 'bob'): Promise<void> {
    const storage = join(this.directory, of, 'storage');
    await this.mounts?.sh(`rm -f ${storage}/ballast`);
  }

  /** Ends both engines and removes everything; `before` removes what would be in the way. */
  async end(before: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.endEngine('SIGKILL')));
    await before();
    this.mounts?.end();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Addresses that no other test uses at the same time, as far as chance goes, and a port free on both. */
async function freeAddresses(): Promise<{ alice: string; bob: string; port: number }> {
  const byte = (): number => 1 + Math.floor(Math.random() * 250);
  const network = `127.${byte()}.${byte()}`;
  const alice = `${network}.1`;
  const bob = `${network}.2`;
  const port = await new Promise<number>((resolve, reject) => {
    const server = createServer()
      .on('error', reject)
      .listen(0, alice, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
      });
  });
  return { alice, bob, port };
}

/** A ballast file takes the room that the disk shall not have. */
async function mountSmall(directory: string, { of, roomMib, fileSystem }: SmallDisk): Promise<PrivateMounts> {
  const mounts = await PrivateMounts.create(fileSystem === 'ext4' ? 'root' : 'mapped-root');
  const storage = join(directory, of, 'storage');
  const image = join(directory, 'filesystem');
  const mount =
    fileSystem === 'ext4'
      ? `truncate -s ${LARGE_MIB}M ${image} && mkfs.ext4 -q -m 0 ${image} && mount -o loop ${image} ${storage}`
      : `mount -t tmpfs -o size=${LARGE_MIB}m none ${storage}`;
  const free = `$(( $(stat -f -c %a ${storage}) * $(stat -f -c %S ${storage}) - ${roomMib} * 1048576 ))`;
  await mounts.sh(`mkdir -p ${storage} && ${mount} && fallocate -l ${free} ${storage}/ballast`);
  return mounts;
}
