#!/usr/bin/env node
/**
 * Bundles each program into one CommonJS file, packages/<package>/dist/<program>.cjs, so that it starts fast: one
 * file to find and to compile instead of hundreds. Safe to run twice.
 *
 *   scripts/build.mjs [PROGRAM...]        default: all
 *
 * tsdrbdadm loads setup, meta and execa when a command needs them, each from a file of its own beside it, so that
 * commands that do not are not slowed down by their text.
 */
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const PROGRAMS = {
  tsdrbdadm: {
    entry: 'packages/adm/src/main.ts',
    out: 'packages/adm/dist',
    loadedLater: ['@tsdrbd/setup', '@tsdrbd/meta', 'execa'],
  },
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

for (const [name, { entry, out, loadedLater = [] }] of Object.entries(PROGRAMS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  if (!(await exists(join(root, entry)))) {
    console.error(`build: ${name} skipped, there is no ${entry} yet`);
    continue;
  }
  await mkdir(join(root, out), { recursive: true });
  for (const module of loadedLater) await bundleModule(module, out);
  await bundleProgram(name, entry, out, loadedLater);
}

async function bundleProgram(name, entry, out, loadedLater) {
  const text = await bundle({ entryPoints: [join(root, entry)], plugins: [fromBeside(loadedLater)] });
  // main.ts may begin with a #! line of its own.
  const outfile = join(root, out, `${name}.cjs`);
  await save(outfile, `#!/usr/bin/env node\n${text.replace(/^#!.*\n/m, '')}`);
  await chmod(outfile, 0o755);
}

async function bundleModule(module, out) {
  const stdin = { contents: `export * from '${module}';`, resolveDir: join(root, out, '..') };
  await save(join(root, out, besideName(module)), await bundle({ stdin }));
}

function besideName(module) {
  return `${module.replace(/^@tsdrbd\//, '')}.cjs`;
}

/** What is imported by these names is loaded from its own bundle at run time. */
function fromBeside(modules) {
  return {
    name: 'from-beside',
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind }) =>
        kind === 'dynamic-import' && modules.includes(path)
          ? { path: `./${besideName(path)}`, external: true }
          : undefined,
      );
    },
  };
}

async function bundle(options) {
  const { outputFiles } = await build({
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: EXTERNAL,
    // import() of CommonJS would start Node's ES module loader first.
    supported: { 'dynamic-import': false },
    // The bundle is CommonJS; modules that ask for their own URL get it all the same.
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "'use strict';\nconst importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
    ...options,
  });
  return outputFiles[0].text;
}

async function save(file, text) {
  await writeFile(file, text);
  console.log(`build: ${relative(root, file)} ${Math.ceil(text.length / 1024)} KiB`);
}

async function exists(path) {
  return (await stat(path).catch(() => null)) !== null;
}
