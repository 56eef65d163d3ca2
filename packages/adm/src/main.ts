import { bytesOf, processIo } from '@tsdrbd/config';
import { run } from './run';
import { realSystem } from './system';

// Our texts are bytes, one a character.
const io = processIo('latin1');
void run(process.argv.slice(2).map(bytesOf), io, realSystem(io, process.argv[1])).then((exitCode) => {
  // Not left to the event loop: a command whose time is up may hold it for long.
  process.exit(exitCode);
});
