/**
 * The recorded runs of drbdadm 9.34, and a file system in memory with the configurations they were made with.
 * How they were recorded: test/golden/README.md.
 */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { memoryReader, type ConfigReader } from '@tsdrbd/config';

/** All texts hold bytes as Latin-1. */
export interface RecordedRun {
  readonly argv: readonly string[];
  /** `__DRBD_NODE__`; null: not set. */
  readonly node: string | null;
  /** `FAKE_DRBDSETUP_SHOW`; null: not set. */
  readonly show: string | null;
  readonly stdin?: string;
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The name of the folder with the configurations, in the recorded texts and here. */
export const CONFIG_FOLDER = '/@CONF@';

export function recordedRuns(): readonly RecordedRun[] {
  return unpack('transcripts.jsonl.gz')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordedRun);
}

function unpack(name: string): string {
  return gunzipSync(readFileSync(join(__dirname, name))).toString('utf8');
}

/** The configurations and running states: file name to text. */
export function recordedFiles(): Readonly<Record<string, string>> {
  return JSON.parse(unpack('configs.json.gz')) as Record<string, string>;
}

/** Relative names are looked up in the configurations' folder. */
export function configReader(): ConfigReader {
  const files = recordedFiles();
  const placed = Object.entries(files).map(([name, text]) => [posix.join(CONFIG_FOLDER, name), text]);
  return memoryReader(Object.fromEntries(placed) as Record<string, string>, CONFIG_FOLDER);
}

/**
 * Every address of the configurations, less those of floating sections and those that a configuration wants to be
 * missing: what the recorder put on its loopback device.
 */
export function recordedAddresses(): ReadonlySet<string> {
  const have = new Set<string>();
  const missing = new Set<string>();
  for (const [name, text] of Object.entries(recordedFiles())) {
    if (name.endsWith('.show')) continue;
    for (const [, kind, list = ''] of text.matchAll(/# address-(up|missing): (.*)/g)) {
      for (const address of list.trim().split(/\s+/)) (kind === 'up' ? have : missing).add(address);
    }
    if (text.includes('disable-ip-verification') || name.startsWith('invalid')) continue;
    for (const [address] of text.matchAll(/\d{1,3}(?:\.\d{1,3}){3}/g)) have.add(address);
    for (const [, address = ''] of text.matchAll(/\[([0-9A-Fa-f:]+)\]/g)) have.add(address);
  }
  const never = /^(127\.|10\.77\.|0|255|\d+\.0\.0\.0$)/;
  return new Set([...have].filter((address) => !missing.has(address) && !never.test(address)));
}
