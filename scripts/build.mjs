#!/usr/bin/env node
/**
 * Bundles each program into one CommonJS file, packages/<package>/dist/<program>.cjs, so that it starts fast: one
 * file to find and to compile instead of hundreds. Safe to run twice.
 *
 *   scripts/build.mjs [PROGRAM...]        default: all
 */
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const PROGRAMS = {
  tsdrbdadm: { entry: 'packages/adm/src/main.ts', out: 'packages/adm/dist' },
  tsdrbdsetup: { entry: 'packages/setup/src/main.ts', out: 'packages/setup/dist' },
  tsdrbdmeta: { entry: 'packages/meta/src/main.ts', out: 'packages/meta/dist' },
  tsdrbdd: { entry: 'packages/engine/src/daemon/main.ts', out: 'packages/engine/dist' },
};

/** Native modules: they find their binary beside themselves, so they stay where they are installed. */
const EXTERNAL = ['koffi', '@node-rs/crc32'];

if (process.argv.includes('--help')) {
  console.log('usage: scripts/build.mjs [PROGRAM...]\nprograms: ' + Object.keys(PROGRAMS).join(' '));
  process.exit(0);
}
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PROGRAMS));
if (unknown.length > 0) {
  console.error(`build: no such program: ${unknown.join(' ')}`);
  process.exit(1);
}

for (const [name, { entry, out }] of Object.entries(PROGRAMS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (!(await exists(join(root, entry)))) {
    console.error(`build: ${name} skipped, there is no ${entry} yet`);
    continue;
  }
  await mkdir(join(root, out), { recursive: true });
  const outfile = join(root, out, `${name}.cjs`);
  const { outputFiles } = await build({
    entryPoints: [join(root, entry)],
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: EXTERNAL,
    // The bundle is CommonJS; modules that ask for their own URL get it all the same.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
  });
  const text = outputFiles[0].text.replace(/^(.*\n)?#!.*\n/, '$1');
  await writeFile(outfile, `#!/usr/bin/env node\n${text}`);
  await chmod(outfile, 0o755);
  const { size } = await stat(outfile);
  console.log(`build: ${relative(root, outfile)} ${Math.ceil(size / 1024)} KiB`);
}

async function exists(path) {
  return (await stat(path).catch(() => null)) !== null;
}
