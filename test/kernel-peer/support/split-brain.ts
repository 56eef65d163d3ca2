/** Split brain on purpose between the kernel and tsdrbd, and the three ways in which it may end. */
import { RESOURCE } from '../../../scripts/kernel-peer-tools/drbd-config';
import type { Pair } from '../pair';

export type Side = 'kernel' | 'ours';

export const OTHER = { kernel: 'ours', ours: 'kernel' } as const;

export interface Story {
  readonly net: Readonly<Record<string, string>>;
  /** What the kernel's configuration has instead. */
  readonly kernelNet?: Readonly<Record<string, string>>;
  /** How many blocks of 4 KiB each writes alone; no two are the same. Who writes none becomes Primary all the same. */
  readonly blocks: Readonly<Record<Side, number>>;
  /** Who is Primary when the link goes. */
  readonly wasPrimary?: Side;
  /** Who is Primary when they meet again. */
  readonly primaries: readonly Side[];
  readonly ending: Ending;
}

export type Ending =
  /** The data of one side replaces the other's, at once. */
  | { readonly kind: 'won'; readonly by: Side }
  /** Both stay alone, until `victim` discards its data by command. */
  | { readonly kind: 'unresolved'; readonly victim: Side }
  /** The victim is Primary and may not become target: it stays alone, the other looks for it again. */
  | { readonly kind: 'victim leaves'; readonly victim: Side };

/** Where the sides write, in blocks of 4 KiB: apart, so that the resync carries the sum. */
const KERNEL_FROM = 1024;
const OURS_FROM = 2048;

export class SplitBrain {
  private pattern = 0;

  constructor(private readonly pair: Pair) {}

  /** From connected Secondaries with equal disks to the same again, by way of a split brain. */
  async play(story: Story): Promise<void> {
    await this.split(story);
    await this.end(story);
    await this.bothSecondary();
  }

  private async end(story: Story): Promise<void> {
    const kib = (story.blocks.kernel + story.blocks.ours) * 4;
    switch (story.ending.kind) {
      case 'won':
        return this.resolvedBy(story.ending.by, kib);
      case 'unresolved':
        await this.unresolved();
        break;
      case 'victim leaves':
        await this.victimLeaves(story.ending.victim, Object.values(story.net).includes('call-pri-lost-after-sb'));
    }
    await this.discardOn(story.ending.victim);
    await this.resolvedBy(OTHER[story.ending.victim], kib);
  }

  /** Both write alone; returns when both look for each other again. */
  private async split({ net, kernelNet, blocks, wasPrimary, primaries }: Story): Promise<void> {
    const { kernel, ours } = this.pair;
    if (wasPrimary === 'kernel') await kernel.adm(`primary ${RESOURCE}`);
    if (wasPrimary === 'ours') await ours.mustAdm('primary', RESOURCE);
    await this.pair.configure({ net, kernelNet });
    await kernel.adm(`disconnect ${RESOURCE}`);
    await Promise.all([
      this.writeAloneInKernel(blocks.kernel, primaries.includes('kernel')),
      this.writeAloneHere(blocks.ours, primaries.includes('ours')),
    ]);
    ours.forgetLog();
    await Promise.all([kernel.adm(`adjust ${RESOURCE}`), ours.mustAdm('adjust', RESOURCE)]);
  }

  private async writeAloneInKernel(blockCount: number, staysPrimary: boolean): Promise<void> {
    const write = `dd if=/dev/urandom of=/dev/drbd0 bs=4k seek=${KERNEL_FROM} count=${blockCount} oflag=direct 2>/dev/null`;
    const commands = [`drbdadm primary ${RESOURCE}`];
    if (blockCount > 0) commands.push(write);
    if (!staysPrimary) commands.push(`drbdadm secondary ${RESOURCE}`);
    commands.push('rm -f /run/helpers', 'dmesg -c >/dev/null');
    await this.pair.kernel.mustRun(commands.join(' && '));
  }

  private async writeAloneHere(blockCount: number, staysPrimary: boolean): Promise<void> {
    const { ours } = this.pair;
    await ours.mustAdm('disconnect', RESOURCE);
    await ours.mustAdm('primary', RESOURCE);
    this.pattern = (this.pattern % 250) + 1;
    if (blockCount > 0) {
      await ours.io([`write -P ${this.pattern} ${OURS_FROM * 4}k ${blockCount * 4}k`, 'flush']);
    }
    if (!staysPrimary) await ours.mustAdm('secondary', RESOURCE);
  }

  /** The disk of `source` won: both are equal, and the announcements agree. */
  private async resolvedBy(source: Side, kib: number): Promise<void> {
    await this.pair.inSync();
    const roles = { [source]: 'SyncSource', [OTHER[source]]: 'SyncTarget' };
    expect(this.pair.ours.lastResync()).toEqual({ role: roles['ours'], kib });
    expect(await this.pair.kernel.lastResync()).toEqual({ role: roles['kernel'], kib });
    expect(await this.pair.differencesKib()).toEqual([]);
  }

  private async unresolved(): Promise<void> {
    const { kernel, ours } = this.pair;
    await kernel.until(/cs:StandAlone/);
    await ours.until('StandAlone', ({ connection }) => connection === 'StandAlone');
    expect(await kernel.helpers()).toEqual(expect.arrayContaining(['initial-split-brain', 'split-brain']));
    expect(ours.log()).toMatch(/Split-Brain detected/i);
    expect(await this.pair.differencesKib()).not.toEqual([]);
    await this.bothSecondary();
  }

  private async victimLeaves(victim: Side, isCalled: boolean): Promise<void> {
    const { kernel, ours } = this.pair;
    if (victim === 'kernel') {
      await kernel.until(/cs:StandAlone ro:Primary/);
      await ours.until('looking for the peer', ({ connection }) => connection === 'Connecting');
      expect((await kernel.helpers()).includes('pri-lost-after-sb')).toBe(isCalled);
    } else {
      await ours.until('StandAlone', ({ connection, role }) => connection === 'StandAlone' && role === 'Primary');
      await kernel.until(/cs:WFConnection/);
    }
    expect(await this.pair.differencesKib()).not.toEqual([]);
    await this.bothSecondary();
    await Promise.all([kernel.run(`drbdadm disconnect ${RESOURCE}`), ours.adm('disconnect', RESOURCE)]);
  }

  private async discardOn(victim: Side): Promise<void> {
    const { kernel, ours } = this.pair;
    await kernel.adm(victim === 'kernel' ? `-- --discard-my-data connect ${RESOURCE}` : `connect ${RESOURCE}`);
    await ours.mustAdm('connect', ...(victim === 'ours' ? ['--discard-my-data'] : []), RESOURCE);
  }

  private async bothSecondary(): Promise<void> {
    const { kernel, ours } = this.pair;
    await Promise.all([kernel.adm(`secondary ${RESOURCE}`), ours.mustAdm('secondary', RESOURCE)]);
  }
}
