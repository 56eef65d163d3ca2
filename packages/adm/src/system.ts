/** What tsdrbdadm needs from the machine besides `CliIo`; tests hand in their own. */
import { constants, createReadStream, openSync, statSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import {
  nodeReader,
  ownAddressState,
  type Address,
  type CliIo,
  type CliOutput,
  type ConfigReader,
} from '@tsdrbd/config';
import { startWithExeca, type StartProgram } from './execute/start-program';
import { tunedToSize } from './much-to-read';

export interface AdmSystem {
  /** Its own name, in messages; the helpers' names, as dry-run prints them. */
  readonly names: ProgramNames;
  readonly hostName: string;
  readonly reader: ConfigReader;
  readonly startProgram: StartProgram;
  /** The machine's console; null: it has none, or not for us. */
  openConsole(): Terminal | null;
  /** `down`: configured on an interface that is not up. */
  addressState(address: Address): 'up' | 'down' | 'absent';
}

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: CliOutput;
}

export interface ProgramNames {
  readonly adm: string;
  readonly setup: string;
  readonly meta: string;
}

/** Called as drbdadm it speaks of drbdsetup and drbdmeta, as scripts made for DRBD expect. */
export function programNames(calledAs: string): ProgramNames {
  const prefix = basename(calledAs).startsWith('drbdadm') ? '' : 'ts';
  return { adm: `${prefix}drbdadm`, setup: `${prefix}drbdsetup`, meta: `${prefix}drbdmeta` };
}

export function realSystem(io: CliIo, calledAs = 'tsdrbdadm'): AdmSystem {
  return {
    names: programNames(calledAs),
    hostName: hostname(),
    reader: tunedToSize(nodeReader({ cwd: io.cwd, texts: 'bytes' })),
    startProgram: startWithExeca(io),
    openConsole,
    addressState: ownAddressState,
  };
}

function openConsole(): Terminal | null {
  try {
    const fd = openSync('/dev/console', constants.O_RDWR | constants.O_NOCTTY);
    // A console that is lost while we wait takes only the dialog with it.
    const ignore = (): void => undefined;
    return {
      input: createReadStream('', { fd }).on('error', ignore),
      output: {
        write: (text) => {
          try {
            writeSync(fd, text);
          } catch {
            ignore();
          }
        },
      },
    };
  } catch {
    return null;
  }
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
