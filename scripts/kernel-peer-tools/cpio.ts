/**
 * A cpio archive in the "newc" form, which the kernel unpacks as its first file system.
 * Every member: a header of 110 ASCII characters, name, NUL, padding to 4 bytes, contents, padding to 4 bytes.
 */
const MODE = { directory: 0o040755, file: 0o100644, program: 0o100755, link: 0o120777 } as const;

export class CpioArchive {
  private readonly pieces: Buffer[] = [];
  private readonly names = new Set<string>();
  private inode = 1;

  /** Makes the directory and those above it. */
  directory(path: string): void {
    const parts = path.split('/').filter((part) => part !== '');
    for (let depth = 1; depth <= parts.length; depth++) {
      const name = parts.slice(0, depth).join('/');
      if (!this.names.has(name)) this.add(name, MODE.directory, Buffer.alloc(0));
    }
  }

  file(path: string, contents: Buffer | string, kind: 'file' | 'program' = 'file'): void {
    this.member(path, MODE[kind], Buffer.from(contents));
  }

  link(path: string, target: string): void {
    this.member(path, MODE.link, Buffer.from(target));
  }

  has(path: string): boolean {
    return this.names.has(path.replace(/^\/+/, ''));
  }

  bytes(): Buffer {
    const end = new CpioArchive();
    end.add('TRAILER!!!', 0, Buffer.alloc(0));
    return Buffer.concat([...this.pieces, ...end.pieces]);
  }

  private member(path: string, mode: number, contents: Buffer): void {
    const name = path.replace(/^\/+/, '');
    if (this.names.has(name)) return;
    this.directory(name.split('/').slice(0, -1).join('/'));
    this.add(name, mode, contents);
  }

  private add(name: string, mode: number, contents: Buffer): void {
    this.names.add(name);
    const fields = [this.inode++, mode, 0, 0, 1, 0, contents.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
    const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
    this.pieces.push(padded(Buffer.from(`${header}${name}\0`)), padded(contents));
  }
}

function padded(bytes: Buffer): Buffer {
  return bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}
