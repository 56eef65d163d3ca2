/** Lines of an input, one at a time; the input is left alone between them. */
export class LineReader {
  private readonly iterator: AsyncIterator<Uint8Array | string>;
  private readonly stream: NodeJS.ReadableStream | null;
  private buffer = '';

  constructor(input: AsyncIterable<Uint8Array | string> | NodeJS.ReadableStream) {
    this.iterator = input[Symbol.asyncIterator]();
    this.stream = 'pause' in input ? input : null;
  }

  /** With its line feed; the end of the input gives what is left, without one. */
  async next(): Promise<string> {
    let end = this.buffer.indexOf('\n');
    // Nothing else keeps the process alive while somebody thinks about the answer.
    if (end < 0) this.call('ref');
    while (end < 0) {
      const { done, value } = await this.iterator.next();
      if (done === true) return this.take(this.buffer.length);
      this.buffer += typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
      end = this.buffer.indexOf('\n');
    }
    // A terminal that keeps flowing would keep the process alive.
    this.stream?.pause();
    this.call('unref');
    return this.take(end + 1);
  }

  /** Terminals and pipes have these, files have not. */
  private call(name: 'ref' | 'unref'): void {
    const stream: object = this.stream ?? {};
    const method: unknown = Reflect.get(stream, name);
    if (typeof method === 'function') Reflect.apply(method, stream, []);
  }

  private take(length: number): string {
    const line = this.buffer.slice(0, length);
    this.buffer = this.buffer.slice(length);
    return line;
  }
}

/** All of an input. */
export async function readAll(input: AsyncIterable<Uint8Array | string> | NodeJS.ReadableStream): Promise<string> {
  const parts: string[] = [];
  for await (const part of input) parts.push(typeof part === 'string' ? part : Buffer.from(part).toString('latin1'));
  return parts.join('');
}
