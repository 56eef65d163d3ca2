/**
 * node make-code-cache.cjs PROGRAM [ARGUMENT...]
 *
 * Runs PROGRAM (a launcher) with these arguments and, when it ends, writes beside each bundle that it loaded V8's code
 * of all functions that have run, those of the cache that was there before included.
 */
'use strict';
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { resolve } = require('node:path');
const vm = require('node:vm');

const bundles = [];
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    if (/\.bundle$/.test(options?.filename)) bundles.push({ script: this, source, path: options.filename });
  }
};

process.on('exit', () => {
  for (const { script, source, path } of bundles) {
    const digest = Buffer.from(source.slice(0, source.indexOf('\n')), 'latin1');
    const cache = path.replace(/bundle$/, 'cache');
    writeFileSync(`${cache}.new`, Buffer.concat([script.createCachedData(), digest]));
    renameSync(`${cache}.new`, cache);
  }
});

process.argv.splice(1, 1);
process.argv[1] = resolve(process.argv[1]);
require(process.argv[1]);
