/** Carries commands to the guest's /init and answers back, over the Unix socket of a virtio serial port. */
import { connect, type Socket } from 'node:net';
import type { Ran } from './shell';

export class CommandChannel {
  private received = '';
  private nextId = 1;
  private readonly waiting = new Map<string, { resolve: (ran: Ran) => void; reject: (error: Error) => void }>();

  private constructor(
    private readonly socket: Socket,
    private readonly prefix: string,
  ) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.read(text));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => this.failAll());
  }

  /** Waits for the socket to appear until `stillWanted` says no. */
  static async open(path: string, stillWanted: () => boolean): Promise<CommandChannel> {
    for (;;) {
      try {
        // Answers to an earlier client may still be under way: ids are not used twice.
        return new CommandChannel(await connected(path), `${process.pid}-${Date.now()}`);
      } catch (error) {
        if (!stillWanted()) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  run(command: string, timeoutMs: number): Promise<Ran> {
    const id = `${this.prefix}-${this.nextId++}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`the guest does not answer within ${timeoutMs} ms: ${command}`));
      }, timeoutMs);
      this.waiting.set(id, {
        resolve: (ran) => {
          clearTimeout(timer);
          resolve(ran);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.socket.write(`${id} ${Buffer.from(command).toString('base64')}\n`);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(text: string): void {
    this.received += text;
    for (let end = this.received.indexOf('\n'); end !== -1; end = this.received.indexOf('\n')) {
      const [id = '', exitCode = '', out = '-', err = '-'] = this.received.slice(0, end).split(' ');
      this.received = this.received.slice(end + 1);
      const waiting = this.waiting.get(id);
      this.waiting.delete(id);
      waiting?.resolve({ exitCode: Number(exitCode), stdout: decoded(out), stderr: decoded(err) });
    }
  }

  private failAll(): void {
    for (const { reject } of this.waiting.values()) reject(new Error('the guest is gone'));
    this.waiting.clear();
  }
}

const RETRY_MS = 50;

function decoded(text: string): string {
  return text === '-' ? '' : Buffer.from(text, 'base64').toString();
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}
