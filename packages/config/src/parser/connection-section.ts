/** `connection`, its paths and endpoints, and `connection-mesh`. Source: config.md 3, 5.4. */
import {
  trimmed,
  type Address,
  type ConnectionSection,
  type EndpointSection,
  type MeshSection,
  type PathSection,
  type PeerDeviceSection,
  type Position,
} from '../model';
import { parseAddress } from './address';
import { parseHostList } from './host-list';
import { leadingInteger } from './integer';
import { parseProxySection } from './proxy-section';
import { parseNetSection, parsePeerDeviceSection } from './sections';
import { parseSkip } from './skip';
import type { TokenStream } from './token-stream';

export function newEndpoint(
  position: Position,
  name: string | undefined,
  address: Address | undefined,
  port: string | undefined,
  role: EndpointSection['role'],
): EndpointSection {
  return {
    position,
    name,
    address,
    port,
    role,
    proxy: undefined,
    outsideAddress: undefined,
    host: undefined,
    resolvedAddress: undefined,
  };
}

export function newConnection(
  position: Position,
  origin: ConnectionSection['origin'],
  paths: PathSection[] = [],
): ConnectionSection {
  return {
    position,
    origin,
    paths,
    netOptions: [],
    peerDeviceOptions: [],
    peerDevices: [],
    peerNodeId: undefined,
    connectionState: undefined,
    ignored: false,
  };
}

/** The word `connection` has been read. */
export function parseConnection(tokens: TokenStream): ConnectionSection {
  const line = tokens.statementLine;
  tokens.run.lastSectionLine = line;
  const connection = newConnection(tokens.statementPosition(), 'written');
  const name = tokens.next();
  if (name.kind === 'string') {
    tokens.warn(`explicitly named connections are deprecated!\n\tits name ('${name.text}') will be ignored`, line);
    tokens.expectPunctuation('{');
  } else if (!tokens.is('{')) {
    throw tokens.expected('{');
  }
  for (;;) {
    tokens.next();
    if (tokens.is('}')) break;
    parseConnectionStatement(tokens, connection);
  }
  connection.paths = trimmed(connection.paths);
  for (const path of connection.paths) path.endpoints = trimmed(path.endpoints);
  if (connection.paths.length === 0) {
    tokens.late('connection without a single path (maybe empty?) not allowed', line);
  }
  return connection;
}

function parseConnectionStatement(tokens: TokenStream, connection: ConnectionSection): void {
  const { run } = tokens;
  switch (tokens.word) {
    case 'host':
    case 'address':
    case '_this_host':
    case '_remote_host':
      addEndpoint(tokens, implicitPath(tokens, connection), 'connection');
      return;
    case 'path':
      connection.paths.push(parsePath(tokens));
      return;
    case 'net':
      if (connection.netOptions.length > 0)
        tokens.late("only one 'net' section per connection allowed", run.lastSectionLine);
      tokens.expectPunctuation('{');
      parseNetSection(tokens, connection.netOptions);
      return;
    case 'disk':
      tokens.expectPunctuation('{');
      // A second section replaces the first.
      connection.peerDeviceOptions = [];
      parsePeerDeviceSection(tokens, connection.peerDeviceOptions);
      return;
    case 'volume':
      connection.peerDevices.push(parseConnectionVolume(tokens));
      return;
    case 'skip':
      parseSkip(tokens);
      return;
    case '_peer_node_id':
      connection.peerNodeId = tokens.expectInteger();
      tokens.expectPunctuation(';');
      return;
    case '_cstate':
      connection.connectionState = tokens.expectString();
      tokens.expectPunctuation(';');
      return;
    default:
      throw tokens.expected('host | net | skip | }');
  }
}

function parseConnectionVolume(tokens: TokenStream): PeerDeviceSection {
  const { line } = tokens;
  const vnr = leadingInteger(tokens.expectInteger());
  const peerDevice: PeerDeviceSection = { vnr, position: tokens.position(line), written: true, options: [] };
  tokens.expectPunctuation('{');
  tokens.expectKeyword('disk', 'TK_DISK');
  tokens.expectPunctuation('{');
  parsePeerDeviceSection(tokens, peerDevice.options);
  tokens.expectPunctuation('}');
  return peerDevice;
}

function implicitPath(tokens: TokenStream, connection: ConnectionSection): PathSection {
  if (connection.paths.some((path) => !path.implicit)) {
    tokens.late('Explicit and implicit paths not allowed', tokens.line);
  }
  const first = connection.paths.find((path) => path.implicit);
  if (first !== undefined) return first;
  const path: PathSection = { position: tokens.position(tokens.line), implicit: true, endpoints: [] };
  connection.paths.push(path);
  return path;
}

/** The word `path` has been read. */
function parsePath(tokens: TokenStream): PathSection {
  const { line } = tokens;
  const path: PathSection = { position: tokens.position(line), implicit: false, endpoints: [] };
  tokens.expectPunctuation('{');
  for (;;) {
    tokens.next();
    if (tokens.is('}')) return path;
    if (!ENDPOINT_WORDS.has(tokens.word)) throw tokens.expected('host | }');
    addEndpoint(tokens, path, 'path');
  }
}

const ENDPOINT_WORDS: ReadonlySet<string> = new Set(['host', 'address', '_this_host', '_remote_host']);
const ENDPOINTS_MAX = 2;

function addEndpoint(tokens: TokenStream, path: PathSection, unit: 'connection' | 'path'): void {
  const endpoint = parseEndpoint(tokens);
  if (path.endpoints.length === ENDPOINTS_MAX) {
    tokens.late(`only two 'host' keywords per ${unit} allowed`, tokens.run.lastSectionLine);
    return;
  }
  path.endpoints.push(endpoint);
}

/** The word `host`, `address`, `_this_host` or `_remote_host` has been read. */
function parseEndpoint(tokens: TokenStream): EndpointSection {
  const word = tokens.text;
  const position = tokens.position(tokens.line);
  if (word === 'host') {
    const name = tokens.expectString();
    tokens.next();
    let address: Address | undefined;
    let port: string | undefined;
    if (tokens.is('address')) {
      address = parseAddress(tokens);
      tokens.next();
    } else if (tokens.is('port')) {
      port = tokens.expectInteger();
      tokens.next();
    } else if (!tokens.is(';') && !tokens.is('via')) {
      throw tokens.expected('address | port | ;');
    }
    return parseTail(tokens, newEndpoint(position, name, address, port, 'host'));
  }
  const address = parseAddress(tokens);
  tokens.next();
  const name = word === 'address' ? undefined : word;
  const role = word === 'address' ? 'host' : word === '_this_host' ? 'this' : 'remote';
  return parseTail(tokens, newEndpoint(position, name, address, undefined, role));
}

/** `;`, `via proxy on ... { }` or `via outside-address A:P;` at the token read last. */
function parseTail(tokens: TokenStream, endpoint: EndpointSection): EndpointSection {
  if (tokens.is(';')) return endpoint;
  if (!tokens.is('via')) throw tokens.expected('via | ; ');
  tokens.next();
  if (tokens.is('proxy')) {
    endpoint.proxy = parseProxySection(tokens);
    return endpoint;
  }
  if (!tokens.is('outside-address')) throw tokens.expected('proxy | outside-address');
  endpoint.outsideAddress = parseAddress(tokens);
  tokens.expectPunctuation(';');
  return endpoint;
}

/** The word `connection-mesh` has been read. */
export function parseMesh(tokens: TokenStream): MeshSection {
  const position = tokens.statementPosition();
  const mesh: { position: Position; hosts: string[]; netOptions: MeshSection['netOptions'] } = {
    position,
    hosts: [],
    netOptions: [],
  };
  tokens.expectPunctuation('{');
  for (;;) {
    tokens.next();
    if (tokens.is('}')) return mesh;
    if (tokens.is('hosts')) {
      mesh.hosts.push(...parseHostList(tokens, ';'));
    } else if (tokens.is('net')) {
      if (mesh.netOptions.length > 0) tokens.late("only one 'net' section allowed", tokens.run.lastSectionLine);
      tokens.expectPunctuation('{');
      parseNetSection(tokens, mesh.netOptions);
    } else {
      throw tokens.expected('hosts | net | }');
    }
  }
}
