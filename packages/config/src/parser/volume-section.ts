/** `volume N { }`, and the statements of a volume that stand elsewhere. Source: config.md 3. */
import type { Position, VolumeSection } from '../model';
import { parseDevice, type DeviceOwner } from './device';
import { leadingInteger } from './integer';
import { parseDiskSection } from './sections';
import { parseSkip } from './skip';
import type { TokenStream } from './token-stream';

export function newVolume(vnr: number, position: Position, origin: 'implicit' | 'explicit'): VolumeSection {
  return {
    vnr,
    implicit: origin === 'implicit',
    position,
    device: undefined,
    minor: undefined,
    disk: undefined,
    metaDisk: undefined,
    tiebreaker: undefined,
    diskOptions: [],
    peerDeviceOptions: [],
    deviceOptions: [],
    written: {},
  };
}

/** The implicit volume of a resource or host; complains where explicit volumes stand before it. */
export function implicitVolume(tokens: TokenStream, volumes: VolumeSection[]): VolumeSection {
  if (volumes.some((volume) => !volume.implicit)) {
    tokens.late('mixing explicit and implicit volumes is not allowed', tokens.statementLine);
  }
  const present = volumes.find((volume) => volume.implicit);
  if (present !== undefined) return present;
  const volume = newVolume(0, tokens.statementPosition(), 'implicit');
  volumes.unshift(volume);
  return volume;
}

/** The word `volume` has been read. */
export function parseVolume(tokens: TokenStream, owner: DeviceOwner): VolumeSection {
  const vnr = leadingInteger(tokens.expectInteger());
  const volume = newVolume(vnr, tokens.statementPosition(), 'explicit');
  tokens.expectPunctuation('{');
  for (;;) {
    tokens.next();
    if (tokens.is('}')) return volume;
    if (parseVolumeStatement(tokens, volume, owner)) continue;
    if (tokens.is('skip')) parseSkip(tokens);
    else if (tokens.is('tiebreaker')) parseTiebreaker(tokens, volume);
    else throw tokens.expected('device | disk | meta-disk | flex-meta-disk | }');
  }
}

/** `device`, `disk`, `meta-disk`: false if the token read last is none of them. */
export function parseVolumeStatement(tokens: TokenStream, volume: VolumeSection, owner: DeviceOwner): boolean {
  switch (tokens.word) {
    case 'device':
      parseDevice(tokens, volume, owner);
      return true;
    case 'disk':
      parseDisk(tokens, volume);
      return true;
    case 'meta-disk':
      parseMetaDisk(tokens, volume);
      return true;
    case 'flexible-meta-disk':
      parseFlexibleMetaDisk(tokens, volume);
      return true;
    default:
      return false;
  }
}

/** `disk PATH;` or `disk { }`; the word `disk` has been read. */
function parseDisk(tokens: TokenStream, volume: VolumeSection): void {
  const token = tokens.next();
  if (tokens.is('{')) parseVolumeDiskSection(tokens, volume);
  else if (token.kind === 'string') parseDiskPath(tokens, volume);
  else throw tokens.badString('TK_STRING | {');
}

/** The `{` has been read. A second section replaces the disk options of the first; the others stay. */
export function parseVolumeDiskSection(tokens: TokenStream, volume: VolumeSection): void {
  volume.diskOptions = [];
  volume.deviceOptions = [];
  parseDiskSection(tokens, {
    disk: volume.diskOptions,
    peerDevice: volume.peerDeviceOptions,
    device: volume.deviceOptions,
  });
  volume.written.disk = tokens.statementPosition();
}

/** The path has been read. */
export function parseDiskPath(tokens: TokenStream, volume: VolumeSection): void {
  volume.disk = tokens.text;
  volume.written.disk = tokens.statementPosition();
  tokens.expectPunctuation(';');
}

function parseMetaDisk(tokens: TokenStream, volume: VolumeSection): void {
  const device = tokens.expectString();
  volume.written.metaDisk = tokens.statementPosition();
  if (device === 'internal') {
    volume.metaDisk = { kind: 'internal' };
    tokens.expectPunctuation(';');
    return;
  }
  tokens.next();
  if (tokens.is(';')) {
    volume.metaDisk = { kind: 'flexible', device };
    return;
  }
  if (!tokens.is('[')) throw tokens.expected('[ | ;', 'without-number');
  const index = tokens.expectInteger();
  tokens.expectPunctuation(']');
  tokens.expectPunctuation(';');
  volume.metaDisk = { kind: 'indexed', device, index };
}

function parseFlexibleMetaDisk(tokens: TokenStream, volume: VolumeSection): void {
  const device = tokens.expectString();
  volume.written.metaDisk = tokens.statementPosition();
  volume.metaDisk = device === 'internal' ? { kind: 'internal' } : { kind: 'flexible', device };
  tokens.expectPunctuation(';');
}

function parseTiebreaker(tokens: TokenStream, volume: VolumeSection): void {
  tokens.next();
  if (!tokens.is('yes') && !tokens.is('no')) throw tokens.expected('yes | no', 'without-number');
  volume.tiebreaker = tokens.text === 'yes';
  tokens.expectPunctuation(';');
}
