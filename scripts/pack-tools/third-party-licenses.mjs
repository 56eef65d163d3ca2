/** The licences of what the package contains of others: of every npm package whose files went into the bundles. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function thirdPartyLicenses(root, bundledFiles, natives) {
  const directories = new Set(natives.map(({ directory }) => directory));
  for (const file of bundledFiles) {
    const match = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
    if (match !== null) directories.add(join(root, match[1]));
  }
  const parts = [...directories].map(describe).sort((a, b) => (a.title < b.title ? -1 : 1));
  return [
    'tsdrbd contains the following packages, in whole or in part.\n',
    ...parts.map(({ title, text }) => `${'-'.repeat(80)}\n${title}\n\n${text.trim()}\n`),
  ].join('\n');
}

function describe(directory) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = readdirSync(directory).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const by = typeof author === 'string' ? author : author?.name;
  if (license === undefined && file === undefined) throw new Error(`${name} ${version} says nothing about its licence`);
  return {
    title: `${name} ${version} (${license})`,
    text:
      file !== undefined && existsSync(join(directory, file))
        ? readFileSync(join(directory, file), 'utf8')
        : `By ${by ?? 'its authors'}; licence ${license}. The package carries no licence text.`,
  };
}
