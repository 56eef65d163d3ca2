/** /proc/drbd of the 8.4 module as values. Its lines of one volume:
 *
 *      0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
 *         ns:32 nr:0 dw:32 dr:0 al:9 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
 */
export interface ProcVolume {
  readonly conn: string;
  readonly role: string;
  readonly peerRole: string;
  readonly disk: string;
  readonly peerDisk: string;
  readonly protocol: string;
  readonly flags: string;
  /** Kibibytes sent, received and so on; `oos` is out of sync. */
  readonly counters: Readonly<Record<string, number>>;
  readonly oosKib: number;
}

const HEAD = /^ *(\d+): cs:(\S+)(?: ro:(\S+)\/(\S+) ds:(\S+)\/(\S+) (\S) (\S+))?/;

export function parseProcDrbd(text: string): ReadonlyMap<number, ProcVolume> {
  const volumes = new Map<number, ProcVolume>();
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    const match = HEAD.exec(line);
    if (match === null) return;
    const [, minor, conn = '', role = '', peerRole = '', disk = '', peerDisk = '', protocol = '', flags = ''] = match;
    const counters = Object.fromEntries(
      [...(lines[index + 1] ?? '').matchAll(/(\w+):(\d+)/g)].map(([, name, value]) => [name ?? '', Number(value)]),
    );
    const oosKib = counters['oos'] ?? 0;
    volumes.set(Number(minor), { conn, role, peerRole, disk, peerDisk, protocol, flags, counters, oosKib });
  });
  return volumes;
}
