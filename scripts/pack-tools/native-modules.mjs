/**
 * The native modules that the bundles leave outside, and the files of them that are loaded on this platform: found by
 * loading them. Each has its JavaScript, and a package of its own with the binary.
 */
import { createRequire } from 'node:module';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { EXTERNAL } from '../build-externals.mjs';

/** `{ directory, manifest, files }` per package; `files` are relative to the directory, licence included. */
export function nativeModules(importer) {
  const load = createRequire(importer);
  const before = new Set(Object.keys(load.cache));
  for (const name of EXTERNAL) load(name);
  const packages = new Map();
  for (const path of Object.keys(load.cache)) {
    if (before.has(path)) continue;
    const directory = packageDirectory(path);
    const found = packages.get(directory) ?? describe(directory);
    const file = relative(directory, path);
    if (file !== 'package.json') found.files.push(file);
    packages.set(directory, found);
  }
  return [...packages.values()];
}

function describe(directory) {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  return { directory, manifest, files: readdirSync(directory).filter((name) => /^(licen[cs]e|copying)/i.test(name)) };
}

function packageDirectory(path) {
  let directory = dirname(path);
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}
