/**
 * The peer's writes that the own disk has not done yet. Each keeps its data in memory, so a disk that falls behind makes
 * the peer wait: its data socket is not read until half of them are done. The meta socket goes on, so nobody takes the
 * node for dead. A write waits for earlier writes, for the disk and for acknowledgements on the meta socket, never for
 * what the peer still has to send as data: it ends, and with it the pause.
 */
const PAGE_BYTES = 4096;
/** More than the default of `max-buffers`: sockets are read in larger strides here than in the kernel. */
const LIMIT_BYTES_MIN = 32 * 1024 * 1024;

export class IncomingWrites {
  bytes = 0;
  private reading: 'on' | 'paused' = 'on';

  constructor(
    /** Pages, as the option counts them. */
    private readonly maxBuffers: () => number,
    private readonly readData: (how: 'on' | 'paused') => void,
  ) {}

  entered(sizeBytes: number): void {
    this.bytes += sizeBytes;
    if (this.reading === 'on' && this.bytes > this.limitBytes) this.read('paused');
  }

  done(sizeBytes: number): void {
    this.bytes -= sizeBytes;
    if (this.reading === 'paused' && this.bytes <= this.limitBytes / 2) this.read('on');
  }

  /** The next link is read from its beginning; what came over the old one still counts until it is done. */
  connectionLost(): void {
    this.reading = 'on';
  }

  private get limitBytes(): number {
    return Math.max(LIMIT_BYTES_MIN, this.maxBuffers() * PAGE_BYTES);
  }

  private read(how: 'on' | 'paused'): void {
    this.reading = how;
    this.readData(how);
  }
}
