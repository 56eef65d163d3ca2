import './short-run';
import { bytesOf, processIo, type CliOutput } from '@tsdrbd/config';
import { run } from './run';
import { realSystem } from './system';

// The reader of a pipe may leave at any time, as `head` does; that ends the program without a complaint.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

/** Our texts are bytes, one a character. */
function byteOutput(stream: NodeJS.WriteStream): CliOutput {
  return { write: (bytes) => void stream.write(bytes, 'latin1'), isTTY: stream.isTTY, columns: stream.columns };
}

const io = processIo(byteOutput);
void run(process.argv.slice(2).map(bytesOf), io, realSystem(io, process.argv[1])).then((exitCode) => {
  // Not left to the event loop: a command whose time is up may hold it for long.
  process.exit(exitCode);
});
