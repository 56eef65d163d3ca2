/** Volumes as NBD exports: a Unix socket per volume with a link by minor, and all of them on TCP where the host wants it. */
import type { Logger } from 'pino';
import type { Device } from '../core';
import {
  createNbdServer,
  linkMinor,
  unlinkMinor,
  volumeSocketPath,
  type ExportedVolume,
  type NbdConnectionEvent,
  type NbdEndpoint,
  type NbdExports,
  type NbdServer,
} from '../export';
import type { ExportedDevice } from './exported-device';

interface Published {
  readonly volume: ExportedVolume;
  readonly server: NbdServer;
}

export interface NbdExporterOptions {
  readonly runDir: string;
  /** Null: no TCP. */
  readonly tcp: Extract<NbdEndpoint, { kind: 'tcp' }> | null;
}

export class NbdExporter {
  private readonly published = new Map<Device, Published>();
  private tcpServer: NbdServer | null = null;

  constructor(
    private readonly options: NbdExporterOptions,
    private readonly dependencies: { readonly log: Logger },
  ) {}

  async publish(device: Device, volume: ExportedDevice): Promise<void> {
    const { runDir, tcp } = this.options;
    const server = this.server(() => [volume]);
    const path = volumeSocketPath(runDir, device.resource.name, device.volume);
    await server.listen({ kind: 'unix', path });
    linkMinor(runDir, device.minor, path);
    this.published.set(device, { volume, server });
    if (tcp === null || this.tcpServer !== null) return;
    this.tcpServer = this.server(() => [...this.published.values()].map((published) => published.volume));
    await this.tcpServer.listen(tcp);
  }

  async withdraw(device: Device): Promise<void> {
    const published = this.published.get(device);
    if (published === undefined) return;
    this.published.delete(device);
    unlinkMinor(this.options.runDir, device.minor);
    await published.server.close('forced');
    if (this.published.size > 0 || this.tcpServer === null) return;
    const server = this.tcpServer;
    this.tcpServer = null;
    await server.close('forced');
  }

  private server(volumes: () => readonly ExportedVolume[]): NbdServer {
    const report = (event: NbdConnectionEvent): void => this.dependencies.log.debug({ event }, 'nbd client');
    return createNbdServer({ exports: exportsOf(volumes) }, { report });
  }
}

/** The empty name is the only volume, where there is just one. */
function exportsOf(volumes: () => readonly ExportedVolume[]): NbdExports {
  return {
    list: volumes,
    find: (name) => {
      const all = volumes();
      return name === '' && all.length === 1 ? all[0] : all.find((volume) => volume.name === name);
    },
  };
}
