/**
 * Which nbd devices this engine has connected, written down for the next one: when an engine is killed, the driver ends the
 * connection but keeps the device, which fails every request until somebody disconnects it.
 *
 * A device is known again by its name and by its `pid` in sysfs, the process that connected it: between the death and the
 * next start it may have been freed and connected by somebody else. Process ids begin anew with each boot.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface ConnectedDevice {
  /** `nbd0`. */
  readonly kernelName: string;
  readonly connectedBy: string;
}

export class ConnectedNote {
  private readonly devices = new Map<string, ConnectedDevice>();

  constructor(
    private readonly path: string,
    private readonly sysBlock: string,
  ) {}

  /** Null: it is not connected. */
  connectedBy(kernelName: string): string | null {
    return read(join(this.sysBlock, kernelName, 'pid'))?.trim() ?? null;
  }

  add(kernelName: string): void {
    const connectedBy = this.connectedBy(kernelName);
    if (connectedBy === null) return;
    this.devices.set(kernelName, { kernelName, connectedBy });
    this.write();
  }

  remove(kernelName: string): void {
    this.devices.delete(kernelName);
    this.write();
  }

  /** Of an engine that was killed: those that are still as it left them. */
  leftConnected(): readonly string[] {
    const [boot, ...lines] = read(this.path)?.trim().split('\n') ?? [];
    if (boot !== bootId()) return [];
    return lines.flatMap((line) => {
      const [kernelName = '', connectedBy] = line.split(' ');
      return /^nbd\d+$/.test(kernelName) && this.connectedBy(kernelName) === connectedBy ? [kernelName] : [];
    });
  }

  private write(): void {
    mkdirSync(dirname(this.path), { recursive: true });
    const lines = [...this.devices.values()].map(({ kernelName, connectedBy }) => `${kernelName} ${connectedBy}\n`);
    writeFileSync(this.path, `${bootId()}\n${lines.join('')}`);
  }
}

const bootId = (): string => read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Not there: not connected, or nothing noted.
  }
}
