/**
 * What `adjust -vvv` tells: where the running state differs from the configuration; -vvvv tells of equal values too.
 * Source: transcripts of -vvv and -vvvv. Of a list of options only those up to the first difference are told.
 */
import type { MetaDisk, ResolvedOption, ResolvedVolume } from '@tsdrbd/config';
import type { OptionGroup } from '@tsdrbd/config/options';
import { NO_OPTIONS, type RunningOptions, type RunningVolume } from '../../running-state/running-state';
import { comparableDiskOptions, sameMetaDisk, sameSize } from './adjust-disks';
import type { AdjustRequest } from './adjust-request';
import { compareOptions, valueOf } from './compare-options';

const DIFFERENCES_FROM = 3;
const EQUAL_VALUES_FROM = 4;

export function comparisonReport(request: AdjustRequest, verbosity: number): readonly string[] {
  if (verbosity < DIFFERENCES_FROM || request.running === null) return [];
  const lines = [...volumeLines(request), ...resourceLines(request), ...connectionLines(request)];
  return lines.filter(({ about }) => about === 'difference' || verbosity >= EQUAL_VALUES_FROM).map(({ text }) => text);
}

interface Line {
  readonly about: 'difference' | 'equal';
  readonly text: string;
}

function* volumeLines({ target, running, skip }: AdjustRequest): Generator<Line> {
  if (running === null || skip.has('disk')) return;
  const configuredNumbers = target.volumes.map(({ number }) => number);
  const runningNumbers = target.volume === null ? running.volumes.map(({ number }) => number) : [];
  for (const number of [...new Set([...configuredNumbers, ...runningNumbers])].sort((left, right) => left - right)) {
    const configured = target.volumes.find((volume) => volume.number === number);
    const current = running.volumes.find((volume) => volume.number === number);
    if (configured !== undefined && current !== undefined) {
      yield* changedVolume(configured, current);
    } else if (configured !== undefined) {
      yield { about: 'difference', text: `New minor ${configured.minor} (vol:${number})` };
    } else if (current !== undefined) {
      const text = `Deleting minor ${current.minor} (vol:${number}) from kernel, not in config`;
      yield { about: 'difference', text };
    }
  }
}

function* changedVolume(configured: ResolvedVolume, running: RunningVolume): Generator<Line> {
  const sameMinor = configured.minor === running.minor;
  if (!sameMinor) {
    const text = ` [ne] vol:${running.number} minor differs: r=${running.minor} c=${configured.minor}`;
    yield { about: 'difference', text };
  }
  const line = (isEqual: boolean, what: string, left: string, right: string): Line => ({
    about: isEqual ? 'equal' : 'difference',
    text: ` [${isEqual ? 'eq' : 'ne'}] minor ${running.minor} (vol:${running.number}) ${what}: r=${left} c=${right}`,
  });
  const { backing } = configured;
  if (backing === null && running.disk === null) return;
  const sameDisk = backing?.disk === running.disk;
  yield line(sameDisk, 'disk', running.disk ?? 'none', backing?.disk ?? 'none');
  if (backing === null || running.disk === null) return;
  // With another disk the metadata is not the same either, wherever it is.
  const sameMeta = sameDisk && sameMetaDisk(backing.metaDisk, running.metaDisk);
  yield line(sameMeta, 'meta-disk', deviceOf(running.metaDisk), deviceOf(backing.metaDisk));
  if (!sameMinor || !sameMeta) return;
  const size = (options: readonly ResolvedOption[]) => valueOf(options, 'size') ?? '-';
  const sizes = [size(running.options.settings), size(configured.diskOptions)] as const;
  yield line(sameSize(configured, running), 'size', ...sizes);
  const { wanted, current } = comparableDiskOptions(configured, running);
  yield* optionLines('disk', current, wanted);
}

function deviceOf(metaDisk: MetaDisk): string {
  return metaDisk.kind === 'internal' ? 'internal' : metaDisk.device;
}

function* resourceLines({ target, running }: AdjustRequest): Generator<Line> {
  yield* optionLines('resource', running?.options ?? NO_OPTIONS, target.resource.resourceOptions);
}

function* connectionLines({ target, running, skip }: AdjustRequest): Generator<Line> {
  if (running === null || skip.has('net')) return;
  for (const configured of target.connections) {
    const current = running.connections.find(({ peerNodeId }) => peerNodeId === configured.peerNodeId);
    if (current === undefined) continue;
    yield* optionLines('net', current.options, configured.netOptions);
    for (const { volumeNumber, options } of configured.peerDevices) {
      if (!running.volumes.some(({ number }) => number === volumeNumber)) continue;
      const peerDevice = current.peerDevices.find((candidate) => candidate.volumeNumber === volumeNumber);
      yield* optionLines('peer-device', peerDevice?.options ?? NO_OPTIONS, options);
    }
  }
}

function* optionLines(
  group: OptionGroup,
  running: RunningOptions,
  configured: readonly ResolvedOption[],
): Generator<Line> {
  for (const option of compareOptions(group, running, configured)) {
    const { name, isEqual } = option;
    if (!isEqual) {
      yield { about: 'difference', text: differenceText(option) };
      return;
    }
    const isSetOnBothSides = option.running !== undefined && option.configured !== undefined;
    const text = `Value of '${name}' equal: r=${option.running} c=${option.configured}`;
    if (isSetOnBothSides) yield { about: 'equal', text };
  }
}

function differenceText({ name, running, configured }: ReturnType<typeof compareOptions>[number]): string {
  if (running === undefined) return `Only in config file ${name}: ${configured}`;
  if (configured === undefined) return `Only in running config ${name}: ${running}`;
  return `Value of '${name}' differs: r=${running} c=${configured}`;
}
