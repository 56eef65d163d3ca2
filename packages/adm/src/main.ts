import './short-run';
import { processIo } from '@tsdrbd/config';
import { run } from './run';
import { realSystem } from './system';

// The reader of a pipe may leave at any time, as `head` does; that ends the program without a complaint.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const io = processIo();
void run(process.argv.slice(2), io, realSystem(io, process.argv[1])).then((exitCode) => {
  // Not left to the event loop: a command whose time is up may hold it for long.
  process.exit(exitCode);
});
