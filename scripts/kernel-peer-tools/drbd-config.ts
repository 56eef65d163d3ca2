/** One drbd.conf for both nodes: drbd-utils reads it in the guest, tsdrbd on the host. */
import { GUEST_ADDRESS, HOST_ADDRESS } from './room';

export const RESOURCE = 'r0';
export const GUEST_NAME = 'kernel';
export const HOST_NAME = 'tsdrbd';
export const PORT = 7789;

export interface VolumeDisks {
  readonly guest: string;
  readonly host: string;
  /** Devices for external metadata; internal without. */
  readonly guestMeta?: string;
  readonly hostMeta?: string;
}

export interface PairOptions {
  readonly net?: Readonly<Record<string, string>>;
  readonly disk?: Readonly<Record<string, string>>;
  /** Programs by event. The machine's drbd.ko has a helper of its own: they are for this side. */
  readonly handlers?: Readonly<Record<string, string>>;
  readonly volumes: readonly VolumeDisks[];
}

export function drbdConfig({ net = {}, disk = {}, handlers = {}, volumes }: PairOptions): string {
  return [
    'global { usage-count no; }',
    `resource ${RESOURCE} {`,
    `  net {${section({ protocol: 'C', ...net })}}`,
    `  disk {${section(disk)}}`,
    `  handlers {${section(handlers)}}`,
    ...node(
      GUEST_NAME,
      GUEST_ADDRESS,
      volumes.map(({ guest, guestMeta }) => [guest, guestMeta]),
    ),
    ...node(
      HOST_NAME,
      HOST_ADDRESS,
      volumes.map(({ host, hostMeta }) => [host, hostMeta]),
    ),
    '}',
    '',
  ].join('\n');
}

function section(options: Readonly<Record<string, string>>): string {
  return Object.entries(options)
    .map(([name, value]) => ` ${name} ${value};`)
    .join('')
    .concat(' ');
}

function node(
  name: string,
  address: string,
  disks: readonly (readonly [path: string, metaPath: string | undefined])[],
): readonly string[] {
  return [
    `  on ${name} {`,
    `    address ${address}:${PORT};`,
    ...disks.map(
      ([path, metaPath], volume) =>
        `    volume ${volume} { device minor ${volume}; disk ${path}; meta-disk ${metaPath ?? 'internal'}; }`,
    ),
    '  }',
  ];
}
