import { processIo } from '@tsdrbd/config';
import { run } from './run';
import { realSystem } from './system';

const io = processIo();
void run(process.argv.slice(2), io, realSystem(io, process.argv[1])).then((exitCode) => {
  // Not left to the event loop: a command whose time is up may hold it for long.
  process.exit(exitCode);
});
