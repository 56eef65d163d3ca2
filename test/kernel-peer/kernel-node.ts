/** The kernel's side of a pair: commands in the guest, its /proc/drbd, its log. */
import type { Guest } from '../../scripts/kernel-peer-tools/guest';
import type { Ran } from '../../scripts/kernel-peer-tools/shell';
import { lastResync, type Resync } from './last-resync';
import { parseProcDrbd, type ProcVolume } from './proc-drbd';
import { until } from './until';

/** Nothing of this may be in the kernel's log: it would be about something that a real peer does not do. */
const COMPLAINTS =
  /ProtocolError|unexpected|BUG|WARNING|ASSERT|Oops|Call Trace|bogus|magic|error receiving|expected .* but|unknown packet|Digest .*mismatch|Data corruption|FIXME|invalid/i;

export class KernelNode {
  constructor(readonly guest: Guest) {}

  run(command: string, timeoutMs?: number): Promise<Ran> {
    return this.guest.run(command, timeoutMs);
  }

  mustRun(command: string, timeoutMs?: number): Promise<string> {
    return this.guest.mustRun(command, timeoutMs);
  }

  adm(words: string): Promise<string> {
    return this.mustRun(`drbdadm ${words}`);
  }

  async procText(): Promise<string> {
    return this.mustRun('cat /proc/drbd');
  }

  async proc(volume = 0): Promise<ProcVolume> {
    const text = await this.procText();
    const found = parseProcDrbd(text).get(volume);
    if (found === undefined) throw new Error(`/proc/drbd has no volume ${volume}: ${text}`);
    return found;
  }

  /** `pattern` against the whole of /proc/drbd. */
  until(pattern: RegExp, timeoutMs?: number): Promise<string> {
    return until(
      `/proc/drbd: ${pattern}`,
      () => this.procText(),
      (text) => pattern.test(text),
      timeoutMs,
    );
  }

  /** What the kernel logged since the last forgetLog(). */
  dmesg(): Promise<string> {
    return this.mustRun('dmesg');
  }

  async forgetLog(): Promise<void> {
    await this.mustRun('dmesg -c >/dev/null');
  }

  /** The newest resync, as the kernel announced it. */
  async lastResync(): Promise<Resync | null> {
    return lastResync(await this.dmesg());
  }

  /** Names of the helpers that drbd.ko ran since the boot, in their order. */
  async helpers(): Promise<readonly string[]> {
    const text = await this.mustRun('cat /run/helpers 2>/dev/null || true');
    return text
      .split('\n')
      .flatMap((line) => line.split(' ').slice(0, 1))
      .filter((name) => name !== '');
  }

  /** What the kernel complained about, apart from what the test provoked on purpose. */
  async complaints(provoked: readonly RegExp[] = []): Promise<readonly string[]> {
    const lines = (await this.dmesg()).split('\n').filter((line) => /drbd|BUG|WARNING|Oops|Call Trace/.test(line));
    return lines.filter((line) => COMPLAINTS.test(line) && !provoked.some((pattern) => pattern.test(line)));
  }
}
