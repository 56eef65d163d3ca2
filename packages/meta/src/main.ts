#!/usr/bin/env node
import { basename } from 'node:path';
import { processIo } from '@tsdrbd/config';
import { run } from './run';
import { realSystem } from './system';

// A reader that has seen enough (`dump-md | head`) ends the program as SIGPIPE would, without a word.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 141 : 10);
});

const io = processIo();
const calledAs = basename(process.argv[1] ?? '');
const programName = calledAs.startsWith('drbdmeta') ? 'drbdmeta' : 'tsdrbdmeta';
void run(process.argv.slice(2), io, realSystem(io, programName)).then((exitCode) => {
  process.exitCode = exitCode;
});
