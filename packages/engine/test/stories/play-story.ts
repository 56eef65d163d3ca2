/**
 * Plays one recorded story on two simulated nodes: the same commands in the same order, and everything that the kernel's
 * nodes told or showed compared with what ours tell and show. Returns the differences, one line each.
 */
import { createHash } from 'node:crypto';
import { SimClock } from '../../src/sim/clock';
import { SimNetwork } from '../../src/sim/network';
import { SimRandom } from '../../src/sim/random';
import { recordedLinks } from '../pcap';
import { NODE_NAMES, type NodeName, type RecordedStory, type Step } from './recorded-story';
import { NOT_OURS, Shell, type Outcome } from './shell';
import { StoryNode } from './story-node';
import { parseStoryConf } from './story-conf';
import { toldOf, type Told } from './told';
import { UuidNames } from './uuid-names';

const WAIT_MS_MAX = 60_000;
const SETTLE_MS = 100;
const AT_ONCE_MS = 50;
const BOB_MS = 250;
const ADDRESS_OF: Readonly<Record<NodeName, string>> = { alice: '10.9.0.1', bob: '10.9.0.2' };

export interface Played {
  readonly differences: readonly string[];
  /** Our nodes' logs, for a person who looks for a reason. */
  readonly log: readonly string[];
}

export function playStory(story: RecordedStory): Played {
  return new Play(story).run();
}

class Play {
  private readonly clock = new SimClock();
  private readonly nodes: Readonly<Record<NodeName, StoryNode>>;
  private readonly shells: Readonly<Record<NodeName, Shell>>;
  private readonly uuids = new UuidNames();
  private readonly differences: string[] = [];
  private previous: { readonly atSeconds: number; readonly looksAtOnce: boolean };
  private release: (() => void) | null = null;

  constructor(private readonly story: RecordedStory) {
    const random = new SimRandom(1);
    // Who accepted the meta socket decides ties: as it went when the story was recorded.
    const accepted = recordedLinks(story.capture).map(({ acceptedMeta }) => acceptedMeta);
    const network = new SimNetwork(this.clock, random, 'bytes', (a) => {
      const accepter = accepted.shift() ?? ADDRESS_OF.alice;
      return (a === this.nodes.alice) === (accepter === ADDRESS_OF.alice) ? 'a' : 'b';
    });
    const world = { clock: this.clock, random, network };
    const node = (name: NodeName): StoryNode =>
      new StoryNode({ name, conf: confOf(story, name), helperExitCodes: story.nodes[name].helperExitCodes }, world);
    this.nodes = { alice: node('alice'), bob: node('bob') };
    this.shells = {
      alice: new Shell(this.nodes.alice, this.clock, story.conf),
      bob: new Shell(this.nodes.bob, this.clock, story.conf),
    };
    this.previous = { atSeconds: story.steps[0]?.atSeconds ?? 0, looksAtOnce: false };
  }

  run(): Played {
    try {
      for (const step of this.story.steps) this.play(step);
      this.clock.run(this.clock.nowMs() + 2000);
      this.compareTold();
      this.compareData();
    } catch (error) {
      this.differences.push(`stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
    return { differences: this.differences, log: [...this.nodes.alice.log, ...this.nodes.bob.log].sort(byTime) };
  }

  private differ(step: Step, what: string, recorded: unknown, ours: unknown): void {
    this.differences.push(`line ${step.line}, ${step.node} ${step.text}: ${what} ${recorded}, here ${ours}`);
  }

  // ---- steps ----

  private play(step: Step): void {
    switch (step.kind) {
      case 'note':
        return this.note(step);
      case 'wait':
        return this.wait(step);
      case 'command':
        this.pass(step);
        if (step.text === 'pd') return this.compareProc(step);
        if (step.text.endsWith('gi')) return this.compareGeneration(step);
        this.command(step);
        // Typed quickly one after the other, and yet each had its effect before the next.
        this.clock.run(this.clock.nowMs() + SETTLE_MS);
    }
  }

  /**
   * The time that passed between two commands passes here too. What alice looked at as soon as a wait was over, is looked
   * at as soon here; a command on bob takes the time that its shell needs.
   */
  private pass(step: Step): void {
    const { previous } = this;
    const looks = step.text === 'pd' || step.text.endsWith('gi');
    const passedMs = Math.max(0, step.atSeconds - previous.atSeconds) * 1000;
    const looksAtOnce = looks && previous.looksAtOnce && step.node === 'alice' && passedMs < AT_ONCE_MS;
    this.previous = { atSeconds: Math.max(step.atSeconds, previous.atSeconds), looksAtOnce };
    if (looksAtOnce) return;
    this.clock.run(this.clock.nowMs() + Math.max(passedMs, step.node === 'bob' ? BOB_MS : 0));
  }

  /** What was done without being typed is told of in notes. */
  private note(step: Step): void {
    const { alice, bob } = this.shells;
    if (step.text.includes('the virtual machine of bob is killed')) {
      bob.stopLoad();
      this.nodes.bob.die();
    }
    if (step.text.startsWith('--- alice (Primary) writes all the time')) alice.startLoad();
    if (step.text.startsWith('--- bob boots again')) alice.stopLoad();
    if (step.text === '--- demote while open') this.release = alice.holdOpen(0);
  }

  private wait(step: Step): void {
    const pattern = new RegExp(step.text);
    const matches = (): boolean => this.nodes[step.node].proc().some((line) => pattern.test(line));
    const { atSeconds } = this.previous;
    this.previous = { atSeconds: Math.max(atSeconds, step.atSeconds), looksAtOnce: true };
    const waitMs = step.exitCode === 0 ? WAIT_MS_MAX : Math.max(0, step.atSeconds - atSeconds) * 1000;
    const untilMs = this.clock.nowMs() + waitMs;
    // Between two events nothing changes: it is enough to look after each.
    this.clock.run(untilMs, matches);
    if (matches() !== (step.exitCode === 0))
      this.differ(
        step,
        'waited for',
        step.exitCode === 0 ? 'and seen' : 'in vain',
        this.nodes[step.node].proc().join(' | '),
      );
  }

  private command(step: Step): void {
    // Held open until the next promotion, which ends the holder's hold in the recording as well.
    if (this.release !== null && step.text === 'drbdadm primary r0') {
      this.release();
      this.release = null;
    }
    const outcome = this.shells[step.node].run(step.text);
    if (outcome !== NOT_OURS) this.compareOutcome(step, outcome);
  }

  // ---- comparisons ----

  private compareOutcome(step: Step, outcome: Outcome): void {
    const refusal = step.output
      .map((line) => /^(?:\d+|r0|\?\?): (?:State change failed|Failure): (\(-?\d+\) .*)$/.exec(line)?.[1])
      .find((text) => text !== undefined);
    const more = step.output.find((line) => line.startsWith('Note: '));
    const recorded = refusal === undefined ? null : more === undefined ? refusal : `${refusal}\n${more}`;
    if (step.exitCode !== outcome.exitCode) this.differ(step, 'exit code', step.exitCode, outcome.exitCode);
    if (recorded !== outcome.refusal && !(recorded === null && outcome.exitCode === step.exitCode))
      this.differ(step, 'refusal', recorded, outcome.refusal);
    if (outcome.output !== null && outcome.output.join('\n') !== step.output.join('\n'))
      this.differ(step, 'output', step.output.join(' '), outcome.output.join(' '));
  }

  private compareProc(step: Step): void {
    const recorded: string[] = [];
    for (const line of step.output) {
      const [, head, , flags] = /^ (\d+: cs:\S+ ro:\S+ ds:\S+) (.) (\S+)$/.exec(line) ?? [];
      if (head !== undefined) recorded.push(`${head} ${flags}`);
      const [, oos] = /oos:(\d+)/.exec(line) ?? [];
      if (oos !== undefined) recorded.push(`${recorded.pop()} oos:${oos}`);
    }
    const ours = this.nodes[step.node].proc();
    recorded.forEach((line, index) => {
      if (comparable(line) !== comparable(ours[index] ?? '')) this.differ(step, 'shows', line, ours[index]);
    });
  }

  private compareGeneration(step: Step): void {
    const minors =
      step.text.includes('MINORS') || this.nodes[step.node].minors.length > 1 ? this.nodes[step.node].minors : [0];
    const lines = step.output.filter((line) => line !== '');
    if (lines.length < minors.length) minors.length = lines.length;
    minors.forEach((minor, index) => {
      const recorded = lines[index] ?? '';
      const ours = this.nodes[step.node].generation(minor);
      if (ours === null || !/^[0-9A-F]{16}:/.test(recorded)) {
        if ((ours === null) !== !/^[0-9A-F]{16}:/.test(recorded))
          this.differ(step, `generation of ${minor}`, recorded, ours === null ? 'no disk' : 'a disk');
        return;
      }
      const parts = recorded.split(':');
      this.compareUuids(`line ${step.line}, ${step.node} gi of minor ${minor}`, parts.slice(0, 4), ours.uuids);
      const flags = parts.slice(4).join(':');
      if (flags !== ours.flags) this.differ(step, 'flags', flags, ours.flags);
    });
  }

  private compareUuids(where: string, recorded: readonly string[], ours: readonly bigint[]): void {
    recorded.forEach((uuid, slot) => {
      const complaint = this.uuids.complaint(BigInt(`0x${uuid}`), ours[slot] ?? 0n, slot);
      const name = ['current', 'bitmap', 'history 0', 'history 1'][slot];
      if (complaint !== null) this.differences.push(`${where}: ${name} UUID ${complaint}`);
    });
  }

  private compareTold(): void {
    for (const name of NODE_NAMES) {
      for (const { minor } of parseStoryConf(this.story.conf).volumes) {
        this.compareTellings(
          `${name} minor ${minor}`,
          toldOf(this.story.nodes[name].told, minor),
          toldOf(this.nodes[name].told, minor),
        );
      }
    }
  }

  private compareTellings(where: string, recorded: readonly Told[], ours: readonly Told[]): void {
    for (const pair of aligned(recorded, ours)) {
      if (pair.recorded === null) this.differences.push(`${where}: tells "${pair.ours?.words}", the module did not`);
      else if (pair.ours === null) this.differences.push(`${where}: does not tell "${pair.recorded.words}"`);
      else
        this.compareUuids(
          `${where}: "${pair.recorded.words}"`,
          pair.recorded.uuids,
          pair.ours.uuids.map((uuid) => BigInt(`0x${uuid}`)),
        );
    }
  }

  private compareData(): void {
    const volumes = parseStoryConf(this.story.conf).volumes;
    const pairs: { volume: string | undefined; recorded: string | undefined; ours: string }[] = [];
    for (const line of this.story.sums) {
      const [, name, volume, kib, sum] = /^(\w+) volume (\d+) (\d+) KiB sha256 (\w+)$/.exec(line) ?? [];
      const disk = volumes.find((one) => one.volume === Number(volume))?.disk ?? '';
      const data = this.nodes[name as NodeName].disk(disk).peek(0, Number(kib) * 1024);
      const ours = createHash('sha256').update(data).digest('hex');
      if (ours !== sum) this.differences.push(`${name} volume ${volume}: other data at the end`);
      pairs.push({ volume, recorded: sum, ours });
    }
    // Whatever the data is: equal where it was equal, different where it was different.
    for (const a of pairs) {
      for (const b of pairs) {
        if (a.volume === b.volume && (a.recorded === b.recorded) !== (a.ours === b.ours))
          this.differences.push(`volume ${a.volume}: the nodes' data are ${a.ours === b.ours ? 'equal' : 'not equal'}`);
      }
    }
  }
}

/** How far a resync has come at some moment is a matter of speed. */
const comparable = (line: string): string =>
  /cs:(?:Paused)?Sync/.test(line) ? line.replace(/oos:[1-9]\d*$/, 'oos:some') : line;

/** Bob's file where the story gave it another one from the start. */
function confOf(story: RecordedStory, name: NodeName): string {
  const note = story.steps.find(({ kind, line }) => kind === 'note' && line < 10)?.text ?? '';
  const other = new RegExp(`${name} has (discard-\\w+)`).exec(note)?.[1];
  return other === undefined ? story.conf : story.conf.replace(/after-sb-0pri discard-\w+/, `after-sb-0pri ${other}`);
}

interface Pair {
  readonly recorded: Told | null;
  readonly ours: Told | null;
}

/** The longest common sequence of words, what is missing or added in between. */
function aligned(recorded: readonly Told[], ours: readonly Told[]): Pair[] {
  const [n, m] = [recorded.length, ours.length];
  const lengths = Array.from({ length: n + 1 }, () => new Uint16Array(m + 1));
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      lengths[i]![j] =
        recorded[i]?.words === ours[j]?.words
          ? lengths[i + 1]![j + 1]! + 1
          : Math.max(lengths[i + 1]![j]!, lengths[i]![j + 1]!);
    }
  }
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < n || j < m) {
    const [theirs = null, own = null] = [recorded[i], ours[j]];
    if (theirs !== null && own !== null && theirs.words === own.words) {
      pairs.push({ recorded: theirs, ours: own });
      i++;
      j++;
    } else if (theirs !== null && (own === null || lengths[i + 1]![j]! >= lengths[i]![j + 1]!)) {
      pairs.push({ recorded: theirs, ours: null });
      i++;
    } else {
      pairs.push({ recorded: null, ours: own });
      j++;
    }
  }
  return pairs;
}

const byTime = (a: string, b: string): number => Number.parseFloat(a) - Number.parseFloat(b);
