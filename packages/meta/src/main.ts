#!/usr/bin/env node
import { basename } from 'node:path';
import type { CliIo } from '@tsdrbd/config';
import { descriptorOutput } from './descriptor-output';
import { run } from './run';
import { realSystem } from './system';

const io: CliIo = {
  env: process.env,
  cwd: process.cwd(),
  get stdin() {
    return process.stdin;
  },
  stdout: descriptorOutput(1, () => process.stdout),
  stderr: descriptorOutput(2, () => process.stderr),
  now: () => Date.now(),
};
const calledAs = basename(process.argv[1] ?? '');
const programName = calledAs.startsWith('drbdmeta') ? 'drbdmeta' : 'tsdrbdmeta';
void run(process.argv.slice(2), io, realSystem(io, programName)).then((exitCode) => {
  process.exitCode = exitCode;
});
