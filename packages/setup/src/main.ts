#!/usr/bin/env node
import { processIo } from '@tsdrbd/config';
import { run } from './run';

// The reader of a pipe may leave at any time, as `head` does; that ends the program without a complaint.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

void run(process.argv.slice(2), processIo()).then((exitCode) => {
  process.exitCode = exitCode;
});
