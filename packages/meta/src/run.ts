/** The program: one command line in, an exit code out. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CliIo } from '@tsdrbd/config';
import { DISK_STATE_NAMES } from '@tsdrbd/engine/control';
import { COMMANDS, type CommandName } from './command-line/command-table';
import { checkOptionsFitCommand, parseInvocation, UsageExit, type Invocation } from './command-line/invocation';
import { expandCommandFirst } from './command-line/command-first';
import { OPTIONS, parseArguments } from './command-line/options';
import { MetaContext } from './context';
import { isAttached } from './device/engine-devices';
import { ensureDeviceUuid } from './device-uuid';
import type { Command } from './commands/command';
import { applyAl } from './commands/apply-al';
import { checkResize } from './commands/check-resize';
import { createMd } from './commands/create-md';
import { dstate } from './commands/dstate';
import { dumpMd } from './commands/dump-md';
import { dumpSuperblock, hexdumpSuperblock } from './commands/dump-superblock';
import { forgetPeer } from './commands/forget-peer';
import { getGi } from './commands/get-gi';
import { invalidate } from './commands/invalidate';
import { outdate } from './commands/outdate';
import { readDevUuid } from './commands/read-dev-uuid';
import { repairMd } from './commands/repair-md';
import { restoreMd } from './commands/restore-md';
import { setGi } from './commands/set-gi';
import { showGi } from './commands/show-gi';
import { verifyDump } from './commands/verify-dump';
import { wipeMd } from './commands/wipe-md';
import { writeDevUuid } from './commands/write-dev-uuid';
import { EXIT, MetaExit } from './meta-exit';
import { realSystem, type MetaSystem } from './system';

const HANDLERS: Readonly<Record<CommandName, Command>> = {
  'get-gi': getGi,
  'show-gi': showGi,
  'dump-md': dumpMd,
  'dump-superblock': dumpSuperblock,
  'hexdump-superblock': hexdumpSuperblock,
  'restore-md': restoreMd,
  'verify-dump': verifyDump,
  'apply-al': applyAl,
  'wipe-md': wipeMd,
  outdate,
  invalidate,
  dstate,
  'check-resize': checkResize,
  'create-md': createMd,
  'forget-peer': forgetPeer,
  'repair-md': repairMd,
  'read-dev-uuid': readDevUuid,
  'write-dev-uuid': writeDevUuid,
  'set-gi': setGi,
};

/** Never throws for what a user can cause. */
export async function run(argv: readonly string[], io: CliIo, system: MetaSystem = realSystem(io)): Promise<number> {
  try {
    const v06 = v06Problem(argv, system);
    if (v06 !== null) throw v06;
    const calls = await expandCommandFirst(argv, { io, open: (path) => system.open(path, 'shared') });
    if (calls === null) return await runWords(argv, argv, io, system);
    for (const { words, isConfigured } of calls) {
      const exitCode = await runWords(words, argv, io, system);
      if (exitCode !== EXIT.ok) return exitCode;
      if (isConfigured) await ensureDeviceUuid(words, { io, system, runWords });
    }
    return EXIT.ok;
  } catch (error) {
    return report(error, io);
  }
}

/** `words` are in the original form. Errors: MetaExit. */
async function runWords(
  words: readonly string[],
  typed: readonly string[],
  io: CliIo,
  system: MetaSystem,
): Promise<number> {
  const { invocation, remarks } = parseInvocation(words, system.programName);
  for (const remark of remarks) io.stderr.write(`${remark}\n`);
  return await runInvocation(invocation, { typed, words }, io, system);
}

async function runInvocation(
  invocation: Invocation,
  argv: { readonly typed: readonly string[]; readonly words: readonly string[] },
  io: CliIo,
  system: MetaSystem,
): Promise<number> {
  const context = new MetaContext(invocation, argv.typed, io, system);
  const { minor, command, settings } = invocation;
  const lock = minor === null ? null : await system.lockMinor(minor);
  try {
    const attached = await attachedDevice(invocation, io, system);
    const modifies = COMMANDS[command].access === 'modifies' && !(command === 'repair-md' && settings.dryRun);
    if (attached !== null && modifies) throw new MetaExit(EXIT.usage, `Device '${attached}' is configured!`);
    const parsed = parseArguments(argv.words, OPTIONS);
    const names = parsed.kind === 'parsed' ? parsed.options.map(({ name }) => name) : [];
    checkOptionsFitCommand(invocation, new Set(names));
    if (invocation.format !== 'v09' && settings.nodeId !== null && settings.nodeId !== 0) {
      context.err('Not v09, implicitly set --node-id = 0');
    }
    const exitCode = await HANDLERS[command](context);
    if (attached !== null) context.err(`# Output might be stale, since minor ${minor ?? attached} is attached`);
    if (context.suppressedCount > 0) {
      context.err(`# --force --quiet: ${context.suppressedCount} confirmation(s) suppressed and auto-confirmed`);
    }
    return exitCode;
  } finally {
    lock?.release();
  }
}

/**
 * The device that an engine works on, as it was named on the command line; if the engine has another minor for this
 * metadata, or the command line none (`-`), that minor. The lock on the file does not tell as much: several minors may
 * have their metadata on one device, by index.
 */
async function attachedDevice(
  { minor, deviceWord, path, placement }: Invocation,
  io: CliIo,
  system: MetaSystem,
): Promise<string | null> {
  const devices = await system.engineDevices();
  if (minor !== null) {
    const ofEngine = devices.find((device) => device.minor === minor)?.diskState;
    if (isAttachedState(ofEngine ?? (await system.kernelDiskState(minor)))) return deviceWord;
  }
  const place = { path: resolve(io.cwd, path), placement };
  const other = devices.find((device) => isAttached(device, place));
  return other === undefined ? null : `${other.minor}`;
}

/** Source: metadata.md 6.3 step 4. */
function isAttachedState(answer: string | null): boolean {
  const state = answer?.split('/')[0] ?? '';
  if (state === '' || state === 'Unconfigured' || state === 'Diskless') return false;
  if (DISK_STATE_NAMES.some((name) => name === state)) return true;
  throw new MetaExit(EXIT.usage, `Unexpected output from drbdsetup >${state}<`);
}

/** The metadata of DRBD 0.6, a small file, is not supported; it has neither log nor bitmap. */
function v06Problem(argv: readonly string[], system: MetaSystem): MetaExit | null {
  const parsed = parseArguments(argv, OPTIONS);
  if (parsed.kind === 'option-error' || argv.length < 3) return null;
  const [, format, minor] = parsed.words;
  if (format !== 'v06' || minor === undefined) return null;
  const path = join(system.stateDirectory, `drbd${minor}`);
  return existsSync(path)
    ? new MetaExit(EXIT.usage, `${path}: v06 meta data is not supported`)
    : new MetaExit(EXIT.failed, `open(${path}) failed: No such file or directory`);
}

function report(error: unknown, io: CliIo): number {
  if (error instanceof MetaExit) {
    if (error.message !== '') io.stderr.write(`${error.message}\n`);
    if (error instanceof UsageExit) io.stdout.write(error.usage);
    return error.exitCode;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  // Without an errno it is a bug: let it be seen.
  if (code === undefined) throw error;
  io.stderr.write(`${message}\n`);
  return EXIT.badValue;
}
