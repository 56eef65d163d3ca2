/** tsdrbd's side of a pair: commands, status, log, and load over NBD. */
import { existsSync, readFileSync } from 'node:fs';
import { RESOURCE } from '../../scripts/kernel-peer-tools/drbd-config';
import { run } from '../../scripts/kernel-peer-tools/shell';
import { TsdrbdNode } from '../../scripts/kernel-peer-tools/tsdrbd-node';
import { lastResync, type Resync } from './last-resync';
import { until } from './until';

export interface OurVolume {
  readonly role: string;
  readonly peerRole: string;
  readonly connection: string;
  readonly disk: string;
  readonly replication: string;
  readonly peerDisk: string;
  readonly sizeKib: number;
  readonly receivedKib: number;
  readonly sentKib: number;
  readonly oosKib: number;
}

/** The part of `tsdrbdsetup status --json --statistics` that is read here. */
interface StatusResource {
  readonly role: string;
  readonly devices: readonly { readonly volume: number; readonly 'disk-state': string; readonly size: number }[];
  readonly connections: readonly {
    readonly 'connection-state': string;
    readonly 'peer-role': string;
    readonly peer_devices: readonly {
      readonly volume: number;
      readonly 'replication-state': string;
      readonly 'peer-disk-state': string;
      readonly received: number;
      readonly sent: number;
      readonly 'out-of-sync': number;
    }[];
  }[];
}

const FIO_TIMEOUT_MS = 110_000;

/** Warnings that belong to a peer that leaves or is lost, and to what the administrator asked for. */
const ORDINARY =
  /"(?:NetworkFailure: |BrokenPipe: |TearDown: the peer disconnects|Forced to consider local data|Out of sync: )/;

export class OurNode extends TsdrbdNode {
  private logStart = 0;

  /** Standard output of a tsdrbdadm command; throws when it fails. */
  async mustAdm(...words: readonly string[]): Promise<string> {
    const ran = await this.adm(...words);
    if (ran.exitCode !== 0) {
      throw new Error(`tsdrbdadm ${words.join(' ')}: exit code ${ran.exitCode}: ${ran.stderr}${ran.stdout}`);
    }
    return ran.stdout;
  }

  async status(volume = 0): Promise<OurVolume> {
    const ran = await this.program('tsdrbdsetup', 'status', '--json', '--statistics', RESOURCE);
    const [resource] = JSON.parse(ran.stdout) as readonly StatusResource[];
    const device = resource?.devices.find((candidate) => candidate.volume === volume);
    const connection = resource?.connections[0];
    const peer = connection?.peer_devices.find((candidate) => candidate.volume === volume);
    return {
      role: resource?.role ?? '',
      peerRole: connection?.['peer-role'] ?? '',
      connection: connection?.['connection-state'] ?? '',
      disk: device?.['disk-state'] ?? '',
      replication: peer?.['replication-state'] ?? '',
      peerDisk: peer?.['peer-disk-state'] ?? '',
      sizeKib: device?.size ?? 0,
      receivedKib: peer?.received ?? 0,
      sentKib: peer?.sent ?? 0,
      oosKib: peer?.['out-of-sync'] ?? 0,
    };
  }

  until(what: string, holds: (seen: OurVolume) => boolean, timeoutMs?: number, volume = 0): Promise<OurVolume> {
    return until(`tsdrbd: ${what}`, () => this.status(volume), holds, timeoutMs);
  }

  /** What the engine logged since the last forgetLog(). */
  log(): string {
    return existsSync(this.logPath) ? readFileSync(this.logPath, 'utf8').slice(this.logStart) : '';
  }

  forgetLog(): void {
    this.logStart += this.log().length;
  }

  /** The newest resync, as the engine announced it. */
  lastResync(): Resync | null {
    return lastResync(this.log());
  }

  /** What the engine logged as a warning, an error or a bug, apart from what the test provoked on purpose. */
  complaints(provoked: readonly RegExp[] = []): readonly string[] {
    return this.log()
      .split('\n')
      .filter((line) => /"level":(?:40|50|60)|ProtocolError/.test(line) && !ORDINARY.test(line))
      .filter((line) => !provoked.some((pattern) => pattern.test(line)));
  }

  /** fio on a volume of which this node is Primary. */
  async fio(words: readonly string[], volume = 0): Promise<void> {
    const uri = `nbd+unix:///?socket=${this.nbdSocketPath(volume)}`;
    const ran = await run(['fio', '--name=load', '--ioengine=nbd', `--uri=${uri}`, ...words], {
      cwd: this.directory,
      timeoutMs: FIO_TIMEOUT_MS,
    });
    if (ran.exitCode !== 0) throw new Error(`fio ${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
  }

  /** qemu-io's commands, one after the other: `write -P 0xaa 0 4k`, `write -z 0 64k`, `discard 0 1M`, `flush`. */
  async io(commands: readonly string[], volume = 0): Promise<string> {
    const uri = `nbd+unix:///?socket=${this.nbdSocketPath(volume)}`;
    const ran = await run(['qemu-io', '-f', 'raw', ...commands.flatMap((command) => ['-c', command]), uri]);
    if (ran.exitCode !== 0 || /error|failed/i.test(ran.stdout + ran.stderr)) {
      throw new Error(`qemu-io: ${ran.stdout}${ran.stderr}`);
    }
    return ran.stdout;
  }
}
