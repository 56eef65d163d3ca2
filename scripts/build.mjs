#!/usr/bin/env node
/**
 * Bundles each program into packages/<package>/dist/<program>.cjs, so that it starts fast: one file to find instead of
 * hundreds, and nothing to compile (build-tools/launcher.cjs). Safe to run twice.
 *
 *   scripts/build.mjs [--out DIRECTORY] [--inputs FILE] [PROGRAM...]        default: all
 *
 * --out DIRECTORY   all bundles side by side there instead of each in its package
 * --inputs FILE     writes there, one a line, which files went into the bundles
 *
 * tsdrbdadm loads setup, meta and execa when a command needs them, and tsdrbdmeta the configuration's parser, each from
 * a file of its own beside it, so that commands that do not are not slowed down by their text.
 */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { fillCodeCaches } from './build-tools/code-cache.mjs';
import { EXTERNAL } from './build-externals.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const PROGRAMS = {
  tsdrbdadm: {
    entry: 'packages/adm/src/main.ts',
    out: 'packages/adm/dist',
    loadedLater: ['@tsdrbd/setup', '@tsdrbd/meta', '@tsdrbd/config', 'execa'],
  },
  tsdrbdsetup: { entry: 'packages/setup/src/main.ts', out: 'packages/setup/dist' },
  tsdrbdmeta: { entry: 'packages/meta/src/main.ts', out: 'packages/meta/dist', loadedLater: ['@tsdrbd/config'] },
  tsdrbdd: { entry: 'packages/engine/src/daemon/main.ts', out: 'packages/engine/dist' },
};

const options = { out: { type: 'string' }, inputs: { type: 'string' }, help: { type: 'boolean' } };
const { values: asked, positionals: wanted } = parseArgs({ options, allowPositionals: true });
if (asked.help) {
  console.log('usage: scripts/build.mjs [--out DIRECTORY] [--inputs FILE] [PROGRAM...]');
  console.log('programs: ' + Object.keys(PROGRAMS).join(' '));
  process.exit(0);
}
const unknown = wanted.filter((name) => !(name in PROGRAMS));
if (unknown.length > 0) {
  console.error(`build: no such program: ${unknown.join(' ')}`);
  process.exit(1);
}

const inputs = new Set();
const built = Object.keys(PROGRAMS).filter((name) => wanted.length === 0 || wanted.includes(name));
const directories = Object.fromEntries(
  Object.entries(PROGRAMS).map(([name, { out }]) => [name, resolve(asked.out ?? join(root, out))]),
);
for (const name of built) {
  const { entry, loadedLater = [] } = PROGRAMS[name];
  await mkdir(directories[name], { recursive: true });
  for (const module of loadedLater) {
    const others = loadedLater.filter((other) => other !== module);
    await bundleModule(module, others, dirname(join(root, entry)), directories[name]);
  }
  await bundleProgram(name, PROGRAMS[name], directories[name]);
}
await fillCodeCaches(built, directories);
if (asked.inputs !== undefined) await writeFile(asked.inputs, [...inputs].sort().join('\n') + '\n');

async function bundleProgram(name, { entry, loadedLater = [] }, out) {
  const bundled = await bundle({ entryPoints: [join(root, entry)], plugins: [fromBeside(loadedLater)] });
  // main.ts may begin with a #! line of its own.
  const text = bundled.replace(/^#!.*\n/m, '');
  await saveLaunched(out, name, text);
  await chmod(join(out, `${name}.cjs`), 0o755);
}

async function bundleModule(module, others, resolveDir, out) {
  const stdin = { contents: `export * from '${module}';`, resolveDir };
  await saveLaunched(out, besideName(module), await bundle({ stdin, plugins: [fromBeside(others)] }));
}

/** As a function of what Node gives to a CommonJS module, below its digest; beside it the program that calls it. */
async function saveLaunched(out, name, text) {
  const digest = createHash('sha256').update(text).digest('hex');
  await save(
    join(out, `${name}.bundle`),
    `//${digest}\n(function (exports, require, module, __filename, __dirname) {${text}\n})`,
  );
  await copyFile(join(root, 'scripts/build-tools/launcher.cjs'), join(out, `${name}.cjs`));
}

function besideName(module) {
  return module.replace(/^@tsdrbd\//, '');
}

/** What is imported by these names is loaded from its own bundle at run time. */
function fromBeside(modules) {
  return {
    name: 'from-beside',
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind }) =>
        kind === 'dynamic-import' && modules.includes(path)
          ? { path: `./${besideName(path)}.cjs`, external: true }
          : undefined,
      );
    },
  };
}

async function bundle(options) {
  const { outputFiles, metafile } = await build({
    bundle: true,
    write: false,
    metafile: true,
    absWorkingDir: root,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: EXTERNAL,
    // import() of CommonJS would start Node's ES module loader first.
    supported: { 'dynamic-import': false },
    // The bundle is CommonJS; modules that ask for their own URL get it all the same.
    define: { 'import.meta': 'importMeta' },
    banner: {
      js: "'use strict';\nconst importMeta = { get url() { return require('node:url').pathToFileURL(__filename).href; } };",
    },
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    logLevel: 'warning',
    ...options,
  });
  for (const input of Object.keys(metafile.inputs)) if (input !== '<stdin>') inputs.add(input);
  return outputFiles[0].text;
}

async function save(file, text) {
  await writeFile(file, text);
  console.log(`build: ${relative(root, file)} ${Math.ceil(text.length / 1024)} KiB`);
}
