/** The network work of `adjust`. Source: adm.md 4.3, 4.4. */
import type { Address, ResolvedConnection, ResolvedOption, ResolvedPath } from '@tsdrbd/config';
import type { RunningConnection, RunningPath } from '../../running-state/running-state';
import { run } from '../command';
import { Schedule, type Scheduled } from '../schedule';
import * as setup from '../setup-commands';
import { optionsDiffer } from './compare-options';
import { planProxies } from './adjust-proxies';
import { setsPeerDevicesWithVolume, type AdjustRequest } from './adjust-request';
import { peerDeviceToDefaults, toDefaults } from './set-defaults';

export function planConnections(schedule: Schedule, request: AdjustRequest, ready: Scheduled | null): void {
  const attempt = planOnce(request, ready, 'waiting');
  const { running } = request;
  const someWasConnected = running?.connections.some(({ state }) => isConnected(state)) ?? false;
  const disconnects = attempt.items.some(({ name }) => name === 'disconnect' || name === 'del-peer');
  const kept = someWasConnected && disconnects ? attempt.items : planOnce(request, ready, 'at-once').items;
  // Nobody comes after a last wait.
  const last = kept.at(-1);
  schedule.addAll(last?.stage === 'wait' ? kept.slice(0, -1) : kept, attempt.items);
}

/** `waiting`: the next connection is touched when this one is there again. */
type Pace = 'waiting' | 'at-once';

function planOnce(request: AdjustRequest, ready: Scheduled | null, pace: Pace): Schedule {
  const schedule = new Schedule();
  new ConnectionPlanner(schedule, request, ready, pace).plan();
  return schedule;
}

class ConnectionPlanner {
  private readonly resourceName: string;

  constructor(
    private readonly schedule: Schedule,
    private readonly request: AdjustRequest,
    /** What the next connection's commands come after. */
    private after: Scheduled | null,
    private readonly pace: Pace,
  ) {
    this.resourceName = request.target.resource.name;
  }

  plan(): void {
    const { target, running } = this.request;
    const runningConnections = running?.connections ?? [];
    const pairs = target.connections.map((configured) => ({
      configured,
      running: runningConnections.find(({ peerNodeId }) => peerNodeId === configured.peerNodeId),
    }));
    const isUp = (pair: (typeof pairs)[number]) => pair.running !== undefined && isConnected(pair.running.state);
    for (const { configured, running } of [...pairs.filter((pair) => !isUp(pair)), ...pairs.filter(isUp)]) {
      if (running === undefined) this.create(configured);
      else this.change(configured, running);
    }
    if (target.peer === null) this.removeOthers(runningConnections);
  }

  private create(configured: ResolvedConnection): void {
    const { target, backend } = this.request;
    const created = this.add('net-up', 'new-peer', setup.newPeer(target.resource, configured, backend), this.after);
    planProxies(this.schedule, this.request, configured);
    for (const path of configured.paths) this.addPath(configured.peerNodeId, path, created);
    this.setPeerDevices(configured, created, 'not-yet-set');
    this.connect(configured, created);
  }

  private change(configured: ResolvedConnection, running: RunningConnection): void {
    const { target, backend } = this.request;
    const { peerNodeId } = configured;
    if (creationOptionsDiffer(configured, running)) {
      const command = setup.setupCommand(
        this.resourceName,
        ['del-peer', this.resourceName, peerNodeId],
        'make it anew',
      );
      const removed = this.add('net-down', 'del-peer', command, this.after);
      const created = this.add('net-up', 'new-peer', setup.newPeer(target.resource, configured, backend), removed);
      planProxies(this.schedule, this.request, configured);
      this.setPeerDevices(configured, created, 'all-volumes');
      let last = created;
      for (const path of configured.paths) last = this.addPath(peerNodeId, path, created);
      this.connect(configured, last);
      return;
    }

    planProxies(this.schedule, this.request, configured);
    const base = this.after;
    const wanted = withoutCreationOptions(configured.netOptions);
    const current = { ...running.options, settings: withoutCreationOptions(running.options.settings) };
    if (optionsDiffer('net', current, wanted)) {
      const words = ['net-options', this.resourceName, peerNodeId, ...toDefaults(wanted, running.options.unknown)];
      this.add('net', 'net-options', setup.setupCommand(this.resourceName, words, 'set net options'), base);
    }
    this.changePeerDevices(configured, running, base);
    const needsConnect = this.changePaths(configured, running, base);
    if (needsConnect || running.state === 'StandAlone') this.connect(configured, base);
  }

  private changePeerDevices(configured: ResolvedConnection, running: RunningConnection, base: Scheduled | null): void {
    for (const { volumeNumber, options } of configured.peerDevices) {
      if (options.length > 0 && setsPeerDevicesWithVolume(this.request, volumeNumber)) continue;
      const current = running.peerDevices.find((peerDevice) => peerDevice.volumeNumber === volumeNumber);
      const currentOptions = current?.options ?? { settings: [], unknown: new Set<string>() };
      if (!this.isMissing(volumeNumber) && !optionsDiffer('peer-device', currentOptions, options)) continue;
      const command = peerDeviceToDefaults(
        this.resourceName,
        configured.peerNodeId,
        volumeNumber,
        options,
        currentOptions.unknown,
      );
      this.add('peer-device', 'peer-device-options', command, base);
    }
  }

  /** Not even as another minor: its options are set whatever they are. */
  private isMissing(volumeNumber: number): boolean {
    return !this.request.running?.volumes.some(({ number }) => number === volumeNumber);
  }

  /** Whether the connection has to be made anew: its only path went. */
  private changePaths(configured: ResolvedConnection, running: RunningConnection, base: Scheduled | null): boolean {
    const missing = configured.paths.filter((path) => !running.paths.some((other) => samePath(path, other)));
    const superfluous = running.paths.filter((path) => !configured.paths.some((other) => samePath(other, path)));
    for (const path of missing) this.addPath(configured.peerNodeId, path, base);
    const losesItsOnly = superfluous.length > 0 && running.paths.length === 1;
    let before = base;
    if (losesItsOnly && running.state !== 'StandAlone') {
      const words = ['disconnect', this.resourceName, configured.peerNodeId];
      before = this.add(
        'disconnect',
        'disconnect',
        setup.setupCommand(this.resourceName, words, 'to change its path'),
        base,
      );
    }
    for (const path of superfluous) {
      const command = setup.pathCommand('del-path', this.resourceName, configured.peerNodeId, path);
      this.add('net-down', 'del-path', command, before);
    }
    return losesItsOnly;
  }

  private setPeerDevices(configured: ResolvedConnection, base: Scheduled, which: 'all-volumes' | 'not-yet-set'): void {
    let previous = base;
    for (const { volumeNumber, options } of configured.peerDevices) {
      if (options.length === 0) continue;
      if (which === 'not-yet-set' && setsPeerDevicesWithVolume(this.request, volumeNumber)) continue;
      const command = peerDeviceToDefaults(this.resourceName, configured.peerNodeId, volumeNumber, options);
      previous = this.add('peer-device', 'peer-device-options', command, previous);
    }
  }

  private connect(configured: ResolvedConnection, base: Scheduled | null): void {
    const { target, backend } = this.request;
    const connected = this.add('connect', 'connect', setup.connect(target.resource, configured, backend), base);
    if (this.pace === 'at-once') return;
    const seconds = `${waitSeconds(target.resource.netOptions)}`;
    const command = setup.setupCommand(
      this.resourceName,
      [
        'wait-connect-connection',
        this.resourceName,
        configured.peerNodeId,
        ...['--wfc-timeout', '--degr-wfc-timeout', '--outdated-wfc-timeout'].flatMap((option) => [option, seconds]),
      ],
      'before the next connection is touched',
      'forever',
    );
    const steps = [{ kind: 'wait', command, timeout: 'accepted' }] as const;
    this.after = this.schedule.add('wait', this.resourceName, 'wait-connect', steps, connected);
  }

  private removeOthers(runningConnections: readonly RunningConnection[]): void {
    const configured = new Set(this.request.target.resource.connections.map(({ peerNodeId }) => peerNodeId));
    for (const { peerNodeId } of runningConnections) {
      if (configured.has(peerNodeId)) continue;
      const words = ['del-peer', this.resourceName, peerNodeId];
      this.add('net-down', 'del-peer', setup.setupCommand(this.resourceName, words, 'the peer is gone'), this.after);
    }
  }

  private addPath(peerNodeId: string, path: ResolvedPath, after: Scheduled | null): Scheduled {
    return this.add('path', 'new-path', setup.pathCommand('new-path', this.resourceName, peerNodeId, path), after);
  }

  private add(
    stage: Scheduled['stage'],
    name: string,
    command: Parameters<typeof run>[0],
    after: Scheduled | null,
  ): Scheduled {
    return this.schedule.add(stage, this.resourceName, name, [run(command)], after);
  }
}

/** States below Connected; a name that is none of these and not Connected counts as not connected too. */
function isConnected(state: string): boolean {
  return state === 'Connected';
}

function withoutCreationOptions(options: readonly ResolvedOption[]): readonly ResolvedOption[] {
  return options.filter(({ name }) => !setup.PEER_CREATION_OPTIONS.has(name));
}

function creationOptionsDiffer({ netOptions }: ResolvedConnection, { options }: RunningConnection): boolean {
  const only = (settings: readonly ResolvedOption[]) =>
    settings.filter(({ name }) => setup.PEER_CREATION_OPTIONS.has(name));
  return optionsDiffer('net', { ...options, settings: only(options.settings) }, only(netOptions));
}

function samePath(left: ResolvedPath, right: RunningPath): boolean {
  return sameAddress(left.local, right.local) && sameAddress(left.peer, right.peer);
}

function sameAddress(left: Address, right: Address): boolean {
  return left.family === right.family && left.port === right.port && canonical(left) === canonical(right);
}

/** IP addresses are compared as numbers. */
function canonical({ family, address }: Address): string {
  if (family !== 'ipv6') return address;
  try {
    return new URL(`http://[${address}]/`).hostname;
  } catch {
    return address;
  }
}

const WAIT_MIN_S = 1;
const TENTH = 10;

/** Twice what a peer may take to answer; the timeouts are in tenths of a second. Source: adm.md 4.4. */
function waitSeconds(netOptions: readonly ResolvedOption[]): number {
  const timeout =
    netOptions.find(({ name }) => name === 'socket-check-timeout') ??
    netOptions.find(({ name }) => name === 'ping-timeout');
  if (timeout === undefined) return WAIT_MIN_S;
  return Math.max(WAIT_MIN_S, Math.floor((2 * (Number.parseInt(timeout.value, 10) || 0)) / TENTH));
}
