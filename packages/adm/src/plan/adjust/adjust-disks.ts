/** The disk work of `adjust`: attach, detach, resize, options, and volumes that are gone. Source: adm.md 4.3. */
import type { MetaDisk, ResolvedBacking, ResolvedOption, ResolvedVolume } from '@tsdrbd/config';
import type { RunningOptions, RunningVolume } from '../../running-state/running-state';
import { run } from '../command';
import { attachSteps, resizeSteps } from '../disk-steps';
import { deviceOptions } from '@tsdrbd/config/options';
import type { Schedule, Scheduled } from '../schedule';
import * as setup from '../setup-commands';
import { meaning, optionsDiffer, valueOf } from './compare-options';
import type { AdjustRequest } from './adjust-request';
import { toDefaults } from './set-defaults';

export function planDisks(schedule: Schedule, request: AdjustRequest, ready: Scheduled | null): void {
  if (request.skip.has('disk')) return;
  new DiskPlanner(schedule, request, ready).plan();
}

class DiskPlanner {
  private readonly resourceName: string;

  constructor(
    private readonly schedule: Schedule,
    private readonly request: AdjustRequest,
    /** What the next disk command comes after: the last that took a disk or a volume away. */
    private after: Scheduled | null,
  ) {
    this.resourceName = request.target.resource.name;
  }

  plan(): void {
    const { target, running } = this.request;
    const runningVolumes = running?.volumes ?? [];
    const named = target.volume;
    const configuredNumbers = target.volumes.map(({ number }) => number);
    const runningNumbers = named === null ? runningVolumes.map(({ number }) => number) : [];
    for (const number of [...new Set([...configuredNumbers, ...runningNumbers])].sort((left, right) => left - right)) {
      const configured = target.volumes.find((volume) => volume.number === number);
      const running = runningVolumes.find((volume) => volume.number === number);
      if (configured === undefined) {
        if (running !== undefined) this.remove(running);
      } else if (running === undefined) {
        this.attach(configured);
      } else if (running.minor !== configured.minor) {
        this.remove(running);
        this.attach(configured);
      } else {
        this.change(configured, running);
      }
    }
  }

  private change(configured: ResolvedVolume, running: RunningVolume): void {
    if (!sameBacking(configured.backing, running)) {
      this.detach(running);
      this.attach(configured);
      return;
    }
    if (configured.backing === null) return;
    this.changeOptions(configured, running);
    this.changeSize(configured, running);
  }

  private changeOptions(configured: ResolvedVolume, running: RunningVolume): void {
    const { wanted, current } = comparableDiskOptions(configured, running);
    if (!optionsDiffer('disk', current, wanted)) return;
    const command = setup.setupCommand(
      this.resourceName,
      ['disk-options', `${configured.minor}`, ...toDefaults(wanted, running.options.unknown)],
      'set disk options',
      'medium',
    );
    // A bitmap has to be there before the peers that need one.
    const switchesBitmapOn = valueOf(running.options.settings, 'bitmap') === 'no' && valueOf(wanted, 'bitmap') !== 'no';
    this.schedule.add(
      switchesBitmapOn ? 'disk-up' : 'disk',
      this.resourceName,
      'disk-options',
      [run(command)],
      this.after,
    );
  }

  private changeSize(configured: ResolvedVolume, running: RunningVolume): void {
    if (sameSize(configured, running)) return;
    const { resource } = this.request.target;
    this.schedule.add('disk', this.resourceName, 'resize', resizeSteps(resource, configured, []), this.after);
  }

  private attach(volume: ResolvedVolume): void {
    const { target, backend } = this.request;
    const backing = volume.backing;
    if (backing === null) return;
    const steps = attachSteps(target.resource, volume, backing, backend);
    this.schedule.add('disk', this.resourceName, 'attach', steps, this.after);
  }

  private detach(running: RunningVolume): void {
    if (running.disk === null) return;
    const command = setup.setupCommand(
      this.resourceName,
      ['detach', '--diskless', `${running.minor}`],
      'take the old disk away',
      'medium',
    );
    this.after = this.schedule.add('disk-down', this.resourceName, 'detach', [run(command)], this.after);
  }

  private remove(running: RunningVolume): void {
    this.detach(running);
    const command = setup.setupCommand(this.resourceName, ['del-minor', `${running.minor}`], 'the volume is gone');
    this.after = this.schedule.add('disk-down', this.resourceName, 'del-minor', [run(command)], this.after);
  }
}

/** They are fixed when the volume is made, and not compared. */
const DEVICE_OPTIONS = new Set(deviceOptions.map(({ name }) => name));

/** The size is compared on its own, the options of the volume not at all. */
export function comparableDiskOptions(
  configured: ResolvedVolume,
  running: RunningVolume,
): { readonly wanted: readonly ResolvedOption[]; readonly current: RunningOptions } {
  return {
    wanted: configured.diskOptions.filter(({ name }) => name !== 'size'),
    current: {
      ...running.options,
      settings: running.options.settings.filter(({ name }) => name !== 'size' && !DEVICE_OPTIONS.has(name)),
    },
  };
}

/** A running size of 0 is none; a configured one is a size all the same, as in the original. */
export function sameSize(configured: ResolvedVolume, running: RunningVolume): boolean {
  const wanted = valueOf(configured.diskOptions, 'size');
  const current = meaning('disk', 'size', valueOf(running.options.settings, 'size')) || null;
  return (wanted === undefined ? null : meaning('disk', 'size', wanted)) === current;
}

export function sameBacking(configured: ResolvedBacking | null, running: RunningVolume): boolean {
  if (configured === null || running.disk === null) return configured === null && running.disk === null;
  return configured.disk === running.disk && sameMetaDisk(configured.metaDisk, running.metaDisk);
}

/** The index of an external meta-disk is not compared. */
export function sameMetaDisk(left: MetaDisk, right: MetaDisk): boolean {
  if (left.kind === 'internal' || right.kind === 'internal') return left.kind === right.kind;
  return left.device === right.device;
}
