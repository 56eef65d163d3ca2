/** `on`, `floating`, `stacked-on-top-of` and `_this_host` sections. Source: config.md 3, 5.1, 7.2. */
import { ConfigError, formatEndpoint, HostSection, isSameHost, trimmed, type Address } from '../model';
import { parseAddress } from './address';
import { parseDevice } from './device';
import { claimDevice } from './device-claim';
import { parseHostList } from './host-list';
import { leadingInteger, scaledInteger } from './integer';
import { parseProxySection } from './proxy-section';
import { parseDiskSection, parseResourceOptions } from './sections';
import { parseSkip } from './skip';
import type { TokenStream } from './token-stream';
import { HOST_SECTION, type OwnStatements } from './uniqueness';
import {
  implicitVolume,
  newVolume,
  parseDiskPath,
  parseVolume,
  parseVolumeDiskSection,
  parseVolumeStatement,
} from './volume-section';

const NODE_ID_MAX = 32;
const THIS_HOST = '_this_host';

interface Section {
  readonly host: HostSection;
  readonly resourceName: string;
  /** What its names have said so far. */
  readonly owners: readonly OwnStatements[];
}

/** The word `on` has been read. */
export function parseOnSection(tokens: TokenStream, resourceName: string): HostSection {
  const names = parseHostList(tokens, '{');
  const owners = names.map((name) => ownerOf(tokens, resourceName, name));
  for (const owner of owners) owner.claim('host section', HOST_SECTION, tokens.statementPosition());
  const host = new HostSection('on', names, tokens.position(tokens.line));
  parseHostStatements(tokens, { host, resourceName, owners });
  return host;
}

/** The word `_this_host` has been read: a section that `drbdsetup show` prints. */
export function parseThisHostSection(tokens: TokenStream, resourceName: string): HostSection {
  tokens.expectPunctuation('{');
  const host = new HostSection('this', [THIS_HOST], tokens.position(tokens.line));
  parseHostStatements(tokens, { host, resourceName, owners: [ownerOf(tokens, resourceName, THIS_HOST)] });
  return host;
}

/** The word `floating` has been read. */
export function parseFloatingSection(tokens: TokenStream, resourceName: string): HostSection {
  const address = parseAddress(tokens);
  tokens.next();
  const name = floatingName(address);
  const host = new HostSection('floating', [name], tokens.position(tokens.line), address);
  const isWhole = tokens.is(';');
  if (!isWhole && !tokens.is('{')) throw tokens.expected('{ | ;');
  const owner = ownerOf(tokens, resourceName, name);
  owner.claim('host section', HOST_SECTION, tokens.statementPosition());
  if (!isWhole) parseHostStatements(tokens, { host, resourceName, owners: [owner] });
  return host;
}

/** The name of a floating section: its address with everything unusual made `_`. */
function floatingName(address: Address): string {
  return formatEndpoint(address)
    .replace(/^\[|\](?=:)/g, '')
    .replace(/[^0-9A-Za-z+._-]/g, '_');
}

/** The words `stacked-on-top-of` have been read. */
export function parseStackedSection(tokens: TokenStream, resourceName: string): HostSection {
  const lower = tokens.expectString();
  tokens.run.unique.claim('stacked-on-top-of', `stacked:${lower}`, tokens.statementPosition());
  tokens.expectPunctuation('{');
  const host = new HostSection('stacked', [], tokens.position(tokens.line), undefined, lower);
  tokens.run.lastSectionLine = host.position.line;
  const section = { host, resourceName, owners: [ownerOf(tokens, resourceName, lower)] };
  for (;;) {
    tokens.nextStatement();
    if (tokens.is('}')) return host;
    if (parseAddressOrNodeId(tokens, section)) continue;
    if (tokens.is('device')) parseDevice(tokens, implicitVolume(tokens, host.volumes), 'mine');
    else if (tokens.is('proxy')) host.proxy = parseProxySection(tokens);
    else if (tokens.is('volume')) host.volumes.push(parseStackedVolume(tokens));
    else throw tokens.expected('device | address | proxy | volume | node-id', 'without-number');
  }
}

function parseStackedVolume(tokens: TokenStream): HostSection['volumes'][number] {
  const vnr = leadingInteger(tokens.expectInteger());
  const volume = newVolume(vnr, tokens.statementPosition(), 'explicit');
  tokens.expectPunctuation('{');
  for (;;) {
    tokens.next();
    if (tokens.is('}')) return volume;
    if (tokens.is('device')) {
      parseDevice(tokens, volume, 'mine');
    } else if (tokens.is('disk')) {
      tokens.expectPunctuation('{');
      parseDiskSection(tokens, {
        disk: volume.diskOptions,
        peerDevice: volume.peerDeviceOptions,
        device: volume.deviceOptions,
      });
    } else {
      throw tokens.expected('device | disk | }');
    }
  }
}

/** Reads up to and including the closing brace. */
function parseHostStatements(tokens: TokenStream, section: Section): void {
  const { host } = section;
  tokens.run.lastSectionLine = host.position.line;
  const owner = isMine(tokens, host) ? 'mine' : 'foreign';
  for (;;) {
    tokens.nextStatement();
    if (tokens.is('}')) {
      host.unsettledVolumes = trimmed(host.volumes);
      for (const volume of host.volumes) claimDevice(tokens.run, host, volume, volume.written.device);
      return;
    }
    if (parseAddressOrNodeId(tokens, section)) continue;
    if (tokens.is('volume')) {
      host.volumes.push(parseVolume(tokens, owner));
    } else if (tokens.is('disk')) {
      claimForHost(tokens, section, 'disk');
      const volume = implicitVolume(tokens, host.volumes);
      const next = tokens.next();
      if (tokens.is('{')) parseVolumeDiskSection(tokens, volume);
      else if (next.kind === 'string') parseDiskPath(tokens, volume);
      else throw tokens.badString('TK_STRING | {');
    } else if (tokens.is('device') || tokens.is('meta-disk') || tokens.is('flexible-meta-disk')) {
      claimForHost(tokens, section, tokens.is('device') ? 'device' : 'meta-disk');
      parseVolumeStatement(tokens, implicitVolume(tokens, host.volumes), owner);
    } else if (tokens.is('options')) {
      tokens.expectPunctuation('{');
      host.options = [];
      parseResourceOptions(tokens, host.options);
    } else if (tokens.is('proxy')) {
      host.proxy = parseProxySection(tokens);
    } else if (tokens.is('skip')) {
      parseSkip(tokens);
    } else {
      throw tokens.expected(
        'disk | device | address | meta-disk | flexible-meta-disk | node-id | skip',
        'without-number',
      );
    }
  }
}

/** `address` and `node-id`: false if the token read last is neither. */
function parseAddressOrNodeId(tokens: TokenStream, section: Section): boolean {
  const { host } = section;
  if (tokens.is('address')) {
    if (host.kind === 'floating') {
      throw new ConfigError(
        `${tokens.where(tokens.statementLine)}address statement not allowed for floating {} host sections`,
      );
    }
    claimForHost(tokens, section, 'address');
    host.address = parseAddress(tokens);
    tokens.expectPunctuation(';');
    // The original checks the port of this statement a second time.
    tokens.checkRange('port', host.address.port, scaledInteger(host.address.port), 1, 65535);
    return true;
  }
  if (!tokens.is('node-id')) return false;
  const id = tokens.expectInteger();
  claimForHost(tokens, section, 'node-id');
  tokens.claim('node-id', section.resourceName, id);
  tokens.checkRange('node-id', id, scaledInteger(id), 0, NODE_ID_MAX);
  tokens.expectPunctuation(';');
  host.nodeId = id;
  return true;
}

/** The statements that a host section may have once, and what messages call them. */
const STATEMENTS = {
  address: 'address statement',
  device: 'device statement',
  disk: 'disk statement',
  'meta-disk': 'meta-disk statement',
  'node-id': 'node-id statement',
} as const;

function claimForHost(tokens: TokenStream, { owners }: Section, word: keyof typeof STATEMENTS): void {
  for (const owner of owners) owner.claim(STATEMENTS[word], word, tokens.statementPosition());
}

function ownerOf(tokens: TokenStream, resourceName: string, name: string): OwnStatements {
  return tokens.run.uniqueInResource.of(resourceName, name);
}

function isMine(tokens: TokenStream, host: HostSection): boolean {
  const { nodeName } = tokens.run.surroundings;
  return host.kind === 'this' || host.names.some((name) => isSameHost(name, nodeName));
}
