#!/usr/bin/env node
import { basename } from 'node:path';
import { processIo } from '@tsdrbd/config';
import { run } from './run';
import { realSystem } from './system';

const io = processIo();
const calledAs = basename(process.argv[1] ?? '');
const programName = calledAs.startsWith('drbdmeta') ? 'drbdmeta' : 'tsdrbdmeta';
void run(process.argv.slice(2), io, realSystem(io, programName)).then((exitCode) => {
  process.exitCode = exitCode;
});
