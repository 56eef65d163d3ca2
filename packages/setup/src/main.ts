#!/usr/bin/env node
import { processIo } from '@tsdrbd/config';
import { run } from './run';

void run(process.argv.slice(2), processIo()).then((exitCode) => {
  process.exitCode = exitCode;
});
