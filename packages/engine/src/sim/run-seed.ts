/**
 * One seed, one history: two nodes are shaken with crashes, cuts and promotions under load, then healed, then judged.
 *
 * Faults: a killed engine (the page cache survives), a power cut of the Secondary (it does not), a cable pulled silently
 * or with resets; if wanted, disks that fail and work again, too. Judged on the way: a Primary reads what it wrote. At the
 * end: both disks UpToDate and equal, every block holds an acknowledged or later write, and where data was given up, a
 * split brain was reported first.
 */
import { demote, newCurrentUuid, promote, type Device, type OptionValues } from '../core';
import { lentCopy, letGoPiece } from '../payload';
import { Disk, Role } from '../wire';
import { typeSomething, undoCommands } from './administrator';
import { SimClock } from './clock';
import { SimDisk } from './disk';
import { BLOCK_BYTES, WriteHistory, filledBlock, tagOf } from './history';
import { SimNetwork } from './network';
import { SimNode } from './node';
import { createMd } from './prepare-disk';
import { SimRandom } from './random';

/** Two activity-log extents, the second not a whole one. */
const DISK_BYTES = 5 * 1024 * 1024;
const DATA_BLOCKS = 1200;
const SHAKE_MS = 20_000;
const HEAL_MS = 600_000;

export interface SeedResult {
  readonly seed: number;
  readonly acknowledgedWrites: number;
  readonly splitBrains: number;
  readonly crashes: number;
  readonly problem: string | null;
  /** The nodes' logs and the faults, in order. */
  readonly log: readonly string[];
}

export interface SeedOptions {
  /** Of both nodes, on top of protocol C with short timeouts. */
  readonly net?: OptionValues;
  readonly resource?: OptionValues;
  /** Default `reliable`. */
  readonly disks?: 'reliable' | 'failing';
  /** Default `away`. */
  readonly administrator?: 'away' | 'busy';
}

export function runSeed(seed: number, options: SeedOptions = {}): SeedResult {
  return new SeedRun(seed, options).run();
}

class SeedRun {
  private readonly random: SimRandom;
  private readonly clock = new SimClock();
  private readonly network: SimNetwork;
  private readonly nodes: readonly [SimNode, SimNode];
  private readonly history = new WriteHistory();
  private readonly log: string[] = [];
  private crashes = 0;
  private shaking = true;
  private splitBrains = 0;
  private readonly disksFail: boolean;
  private readonly commandsRun: boolean;
  private wrongRead: string | null = null;
  /** A power cut took unflushed writes that only the peer still has: not to be promoted before it met the peer. */
  private readonly behind = new Set<SimNode>();

  constructor(
    private readonly seed: number,
    { net, resource = {}, disks, administrator }: SeedOptions,
  ) {
    this.disksFail = disks === 'failing';
    this.commandsRun = administrator === 'busy';
    this.random = new SimRandom(seed);
    this.network = new SimNetwork(this.clock, this.random, seed % 4 === 0 ? 'bytes' : 'values');
    const node = (name: string, nodeId: number): SimNode => {
      const disk = new SimDisk(name, DISK_BYTES, this.clock, this.random);
      createMd(disk);
      const options = {
        name,
        nodeId,
        net: { protocol: 'C', 'ping-int': 1, 'ping-timeout': 5, 'connect-int': 1, 'verify-alg': 'crc32c', ...net },
        // One slot for two extents: eviction all the time.
        diskOptions: { 'al-extents': 1 },
        peerDevice: {},
        resource,
      };
      return new SimNode(options, disk, this.clock, this.random, this.network);
    };
    this.nodes = [node('alice', 0), node('bob', 1)];
  }

  run(): SeedResult {
    try {
      this.begin();
      this.shake();
      this.heal();
      this.judge();
      return this.result(null);
    } catch (error) {
      return this.result(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  }

  private result(problem: string | null): SeedResult {
    const log = [...this.log, ...this.nodes.flatMap((node) => node.log)].sort((a, b) => parseFloat(a) - parseFloat(b));
    return {
      seed: this.seed,
      acknowledgedWrites: this.history.acknowledgedCount,
      splitBrains: this.splitBrains,
      crashes: this.crashes,
      problem,
      log,
    };
  }

  private note(text: string): void {
    this.log.push(`${this.clock.nowMs().toFixed(1)} ---- ${text}`);
  }

  /** Both up; the initial sync is skipped, done or under way when the shaking begins. */
  private begin(): void {
    const [alice, bob] = this.nodes;
    alice.up();
    bob.up();
    this.clock.run(2000);
    const { device, resource } = alice;
    if (this.seed % 2 === 1 && device !== null) {
      newCurrentUuid(device, 'clear-bitmap', (code) => this.note(`new-current-uuid --clear-bitmap: ${code}`));
      this.clock.run(2500);
    }
    if (resource !== null) promote(resource, 'forced', (code) => this.note(`alice primary --force: ${code}`));
    this.clock.run(this.clock.nowMs() + this.random.below(4000));
    for (const node of this.nodes) this.load(node);
  }

  /** Applications on a node write whenever it is Primary. */
  private load(node: SimNode): void {
    const next = (): void => {
      if (!this.shaking) return;
      this.clock.schedule(1 + this.random.fraction() * 40, next);
      const { device, resource } = node;
      if (device === null || resource === null || resource.role !== Role.Primary) return;
      if (this.disksFail && this.random.chance(0.3)) return this.read(node, device);
      const block = this.random.chance(0.5) ? this.random.below(20) : this.random.below(DATA_BLOCKS);
      const tag = this.history.issue(block);
      const payload = lentCopy(filledBlock(tag));
      device.writes.submit('write', block * 8, [payload], BLOCK_BYTES, (error) => {
        letGoPiece(payload);
        if (error !== null) return;
        this.history.acknowledge(block, tag);
        node.acknowledged.set(block, Math.max(tag, node.acknowledged.get(block) ?? 0));
      });
      if (this.random.chance(0.05)) device.flush(() => undefined);
    };
    next();
  }

  /** What this node acknowledged since it became Primary, or something later. */
  private read(node: SimNode, device: Device): void {
    const block = this.random.below(20);
    const atLeast = node.acknowledged.get(block);
    const into = new Uint8Array(BLOCK_BYTES);
    device.reads.submit(block * 8, into, (error) => {
      if (error !== null || atLeast === undefined || tagOf(into) >= atLeast) return;
      this.wrongRead ??= `${node.options.name} read write ${tagOf(into)} of block ${block}; ${atLeast} was acknowledged before`;
    });
  }

  private shake(): void {
    const endMs = this.clock.nowMs() + (this.commandsRun ? 2 : 1) * SHAKE_MS;
    while (this.clock.nowMs() < endMs) {
      this.clock.run(this.clock.nowMs() + this.random.below(2500));
      if (this.wrongRead !== null) throw new Error(this.wrongRead);
      if (this.isHealthy()) this.behind.clear();
      this.fault();
    }
    this.shaking = false;
    this.clock.run(this.clock.nowMs() + 1000);
  }

  private fault(): void {
    const node = this.nodes[this.random.below(2)]!;
    const other = this.nodes[node === this.nodes[0] ? 1 : 0];
    if (this.disksFail && this.random.chance(0.25)) return this.diskFault(node, other);
    if (this.commandsRun && this.random.chance(0.4)) return this.command(node, other);
    const dice = this.random.below(10);
    if (dice < 3) {
      if (node.isUp) {
        // Without power the only good copy may lose what no flush covered, as any disk with a cache: not for judging.
        const spare =
          node.resource?.role === Role.Secondary &&
          other.device?.diskState === Disk.UpToDate &&
          !this.behind.has(other) &&
          // What a disk that failed had in its cache, nobody has made stable.
          !(this.disksFail && (node.disk.isBroken || node.device?.diskState === Disk.Diskless));
        const how = spare && this.random.chance(0.5) ? 'power-cut' : 'killed';
        this.note(`${node.options.name} ${how}`);
        this.crashes++;
        if (how === 'power-cut') this.behind.add(node);
        node.crash(how);
      } else {
        this.note(`${node.options.name} up`);
        node.up();
      }
    } else if (dice < 5) {
      const how = this.random.chance(0.5) ? 'silently' : 'with-reset';
      this.note(`cable out ${how}`);
      this.network.unplug(how);
    } else if (dice < 8) {
      this.note('cable in');
      this.network.plug();
    } else if (
      node.resource?.role === Role.Secondary &&
      !this.behind.has(node) &&
      other.resource?.role !== Role.Primary
    ) {
      node.acknowledged.clear();
      promote(node.resource, 'plain', (code) => this.note(`${node.options.name} primary: ${code}`));
    } else if (node.resource?.role === Role.Primary) {
      demote(node.resource, 'plain', (code) => this.note(`${node.options.name} secondary: ${code}`));
    }
  }

  /** What a failed disk missed, only the peer has: as after a power cut. Mirrors survive one such fault, not two. */
  private diskFault(node: SimNode, other: SimNode): void {
    const { disk, device } = node;
    if (!disk.isBroken) {
      if (this.behind.has(other)) return;
      this.note(`${node.options.name}'s disk breaks down`);
      this.behind.add(node);
      return disk.breakDown();
    }
    this.note(`${node.options.name}'s disk works again`);
    disk.repair();
    if (device?.diskState === Disk.Diskless)
      node.attachDisk((code) => this.note(`${node.options.name} attach: ${code}`));
  }

  private command(node: SimNode, other: SimNode): void {
    const mayGiveUp = this.isHealthy() && !this.behind.has(other);
    const typed = typeSomething(node, { random: this.random, note: (text) => this.note(text), mayGiveUp });
    if (typed === 'detach' || typed === 'invalidate') this.behind.add(node);
  }

  private heal(): void {
    this.note('healing');
    this.network.plug();
    for (const node of this.nodes) {
      node.disk.repair();
      if (!node.isUp) node.up();
      undoCommands(node);
    }
    const endMs = this.clock.nowMs() + HEAL_MS;
    while (this.clock.nowMs() < endMs) {
      this.clock.run(this.clock.nowMs() + 3000);
      if (this.isHealthy()) return;
      for (const node of this.nodes) {
        if (node.device?.diskState === Disk.Diskless)
          node.attachDisk((code) => this.note(`${node.options.name} attach: ${code}`));
      }
      if (this.nodes.some((node) => node.connection?.conn === 0)) this.resolveByHand();
      // Found when a disk was attached on a connection, which goes on.
      else if (this.reportedSplitBrains > this.splitBrains)
        for (const node of this.nodes) node.connection?.disconnectHard();
    }
    throw new Error(`not healed: ${this.nodes.map((node) => this.describe(node)).join(' | ')}`);
  }

  private isHealthy(): boolean {
    return this.nodes.every((node) => {
      const peerDevice = node.device?.peerDevices[0];
      const connected = peerDevice?.conn === 10 && peerDevice.pdsk === 8 && node.device?.diskState === 8;
      // A failure may not have been noticed yet.
      return connected && !node.disk.isBroken;
    });
  }

  private get reportedSplitBrains(): number {
    return this.nodes.reduce((sum, node) => sum + node.splitBrains, 0);
  }

  /** StandAlone: a person looks at the logs, and discards one side's data if they tell of a split brain. */
  private resolveByHand(): void {
    const [alice, bob] = this.nodes;
    const reported = this.reportedSplitBrains;
    const bothPrimary = this.nodes.every((node) => node.resource?.role === Role.Primary);
    const isSplit = reported > this.splitBrains;
    this.splitBrains = reported;
    if (
      !isSplit &&
      !bothPrimary &&
      !this.commandsRun &&
      !this.nodes.some((node) => node.log.some((line) => /I shall become|Can only connect to data/.test(line)))
    ) {
      throw new Error(`StandAlone without a reported split brain: ${this.describe(alice)} | ${this.describe(bob)}`);
    }
    this.note('connected by hand');
    const survivor = alice.device?.diskState === 8 ? alice : bob;
    const victim = survivor === alice ? bob : alice;
    if ((isSplit || !this.commandsRun) && victim.resource !== null) demote(victim.resource, 'forced', () => undefined);
    this.clock.run(this.clock.nowMs() + 500);
    if (victim.connection !== null) victim.connection.discardMyData = isSplit;
    // Writes of either side count as the survivor's disk has them now.
    if (isSplit) this.consentTo(survivor);
    victim.connection?.connect();
    survivor.connection?.connect();
  }

  private consentTo(survivor: SimNode): void {
    for (const block of this.history.touched()) {
      this.history.accept(block, tagOf(survivor.disk.peek(block * BLOCK_BYTES, BLOCK_BYTES)));
    }
  }

  private judge(): void {
    const [alice, bob] = this.nodes;
    for (const block of this.history.touched()) {
      const a = tagOf(alice.disk.peek(block * BLOCK_BYTES, BLOCK_BYTES));
      const b = tagOf(bob.disk.peek(block * BLOCK_BYTES, BLOCK_BYTES));
      if (a !== b) throw new Error(`the disks differ in block ${block}: ${a} and ${b}`);
      const complaint = this.history.complaint(block, a);
      if (complaint !== null) throw new Error(complaint);
    }
  }

  private describe(node: SimNode): string {
    const peerDevice = node.device?.peerDevices[0];
    return `${node.options.name} role ${node.resource?.role} conn ${peerDevice?.conn}/${node.connection?.conn} disk ${node.device?.diskState} pdsk ${peerDevice?.pdsk} oos ${peerDevice?.outOfSyncBits}`;
  }
}
