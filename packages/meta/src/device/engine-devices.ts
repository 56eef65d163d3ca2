/** What the engine of this node has attached: its metadata is not ours to change. */
import { existsSync, statSync } from 'node:fs';
import { controlSocketPath } from '@tsdrbd/engine/control';
import type { Placement } from '@tsdrbd/engine/metadata';
import { EXIT, MetaExit } from '../meta-exit';

export interface EngineDevice {
  readonly minor: number;
  /** In the words of `drbdsetup dstate`. */
  readonly diskState: string;
  /** null: no disk is attached. */
  readonly backing: { readonly dataPath: string; readonly metadata: MetadataPlace } | null;
}

export interface MetadataPlace {
  readonly path: string;
  readonly placement: Placement;
}

type Env = Readonly<Record<string, string | undefined>>;

/** None without an engine. Errors: MetaExit 20 when there is one that does not say. */
export async function engineDevices(runDirectory: string, env: Env): Promise<readonly EngineDevice[]> {
  // Most of the time there is no engine yet, and node:net need not be loaded to find that out.
  if (!existsSync(controlSocketPath(runDirectory))) return [];
  const { ControlClient, ControlError } = await import('@tsdrbd/engine/control/client');
  try {
    const state = await new ControlClient(env).state();
    const devices = state?.resources.flatMap((resource) => resource.devices) ?? [];
    return devices.map(({ minor, diskState, backing }) => ({
      minor,
      diskState,
      backing:
        backing === null
          ? null
          : {
              dataPath: backing.dataDevice,
              metadata: { path: backing.metaDevice, placement: placementOf(backing.metaIndex) },
            },
    }));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    throw new MetaExit(EXIT.usage, `Cannot ask the engine which disks it uses: ${error.message}`);
  }
}

function placementOf(index: 'internal' | 'flexible' | number): Placement {
  if (index === 'internal') return 'internal';
  return index === 'flexible' ? 'flex-external' : { index };
}

/** Metadata there would be, or lie within, what the device has attached, whatever names that has. */
export function isAttached({ backing }: EngineDevice, place: MetadataPlace): boolean {
  if (backing === null) return false;
  const { dataPath, metadata } = backing;
  if (isSameFile(dataPath, place.path)) return true;
  if (!isSameFile(metadata.path, place.path)) return false;
  // Slots lie side by side; everything else is all of a device.
  const [left, right] = [metadata.placement, place.placement];
  return typeof left !== 'object' || typeof right !== 'object' || left.index === right.index;
}

function isSameFile(left: string, right: string): boolean {
  const [a, b] = [left, right].map((path) => statSync(path, { throwIfNoEntry: false }));
  if (a === undefined || b === undefined) return false;
  if (a.isBlockDevice() && b.isBlockDevice()) return a.rdev === b.rdev;
  return a.dev === b.dev && a.ino === b.ino;
}
