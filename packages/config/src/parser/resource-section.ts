/** `resource NAME { }`, `common { }` and template files. Source: config.md 3, 7.2. */
import { ConfigError, EXIT_USAGE, ResourceSection, sortVolumes, type OptionSections } from '../model';
import { parseConnection, parseMesh } from './connection-section';
import { parseFloatingSection, parseOnSection, parseStackedSection, parseThisHostSection } from './host-section';
import { besideFile } from './file-name';
import {
  parseHandlers,
  parseNetSection,
  parseOuterDiskSection,
  parseProtocol,
  parseProxyOptions,
  parseResourceOptions,
  parseStartup,
  parseSyncer,
} from './sections';
import { parseSkip } from './skip';
import { TokenStream } from './token-stream';
import { implicitVolume, parseDiskPath, parseVolume, parseVolumeStatement } from './volume-section';

const EXPECTED =
  'protocol | on | disk | net | syncer | startup | handlers | connection | ignore-on | stacked-on-top-of | skip';

/** The word `resource` has been read. */
export function parseResource(tokens: TokenStream): ResourceSection {
  const name = tokens.expectString();
  checkResourceName(name);
  tokens.expectPunctuation('{');
  tokens.run.unique.claim('resource section', name, tokens.statementPosition());
  return parseResourceBody(tokens, name);
}

/** Empty names and control characters end the program with exit code 1. */
export function checkResourceName(name: string): void {
  if (name === '') throw new ConfigError('Resource name is empty.', EXIT_USAGE);
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\x00-\x1f\x7f]/.test(name)) {
    throw new ConfigError("Resource name is invalid - please don't use control characters.", EXIT_USAGE);
  }
}

/** The word `common` has been read. Volumes and connections are read there, and of no use. */
export function parseCommon(tokens: TokenStream): OptionSections {
  tokens.expectPunctuation('{');
  tokens.run.unique.claim('resource section', 'common', tokens.statementPosition());
  const common = parseResourceBody(tokens, 'common');
  refuseHosts(tokens, common, 'common');
  return common;
}

/** `common` and templates have no host sections. */
function refuseHosts(tokens: TokenStream, sections: ResourceSection, name: string): void {
  if (sections.hosts.length === 0) return;
  tokens.late(`in the ${name} section, there are no host sections allowed.`, tokens.run.lastSectionLine);
}

/** Reads up to the closing brace, or to the end of the file, which closes a resource too; the `{` has been read. */
function parseResourceBody(tokens: TokenStream, name: string): ResourceSection {
  tokens.run.uniqueInResource.clear();
  const resource = new ResourceSection(name, tokens.position(tokens.line));
  for (;;) {
    tokens.nextStatement();
    if (tokens.is('}') || tokens.isAtEnd) {
      sortVolumes(resource.volumes);
      resource.trim();
      return resource;
    }
    if (parseStatement(tokens, resource)) continue;
    // `protocol` is the one statement whose word is not reserved.
    if (tokens.kind !== 'string' || tokens.text !== 'protocol') throw tokens.expected(EXPECTED);
    tokens.claim('protocol statement', name, ' protocol');
    parseProtocol(tokens, resource.net);
  }
}

/** False if no statement begins with the token read last. */
function parseStatement(tokens: TokenStream, resource: ResourceSection): boolean {
  const { name } = resource;
  switch (tokens.word) {
    case 'on':
      resource.hosts.push(parseOnSection(tokens, name));
      return true;
    case '_this_host':
      resource.hosts.push(parseThisHostSection(tokens, name));
      return true;
    case 'floating':
      resource.hosts.push(parseFloatingSection(tokens, name));
      return true;
    case 'stacked-on-top-of':
      resource.hosts.push(parseStackedSection(tokens, name));
      return true;
    case 'volume':
      resource.volumes.push(parseVolume(tokens, 'mine'));
      return true;
    case 'device':
      tokens.claim('device statement', name, 'device');
      return parseVolumeStatement(tokens, implicitVolume(tokens, resource.volumes), 'mine');
    case 'meta-disk':
    case 'flexible-meta-disk':
      return parseVolumeStatement(tokens, implicitVolume(tokens, resource.volumes), 'mine');
    case 'disk':
      parseDiskStatement(tokens, resource);
      return true;
    case 'net':
      openSection(tokens, name, 'net section', 'net');
      parseNetSection(tokens, resource.net);
      return true;
    case 'syncer':
      openSection(tokens, name, 'syncer section', 'syncer');
      parseSyncer(tokens, resource);
      return true;
    case 'startup':
      openSection(tokens, name, 'startup section', 'startup');
      parseStartup(tokens, resource);
      return true;
    case 'handlers':
      openSection(tokens, name, 'handlers section', 'handlers');
      parseHandlers(tokens, resource.handlers);
      return true;
    case 'options':
      openSection(tokens, name, 'resource options section', 'res_options');
      parseResourceOptions(tokens, resource.resource);
      return true;
    case 'proxy':
      openSection(tokens, name, 'proxy section', 'proxy');
      parseProxyOptions(tokens, resource.proxy.options, resource.proxy.plugins);
      return true;
    case 'connection':
      resource.unsettledConnections.push(parseConnection(tokens));
      return true;
    case 'connection-mesh':
      resource.meshes.push(parseMesh(tokens));
      return true;
    case 'template-file':
      parseTemplateFile(tokens, resource);
      return true;
    case 'skip':
      parseSkip(tokens);
      return true;
    default:
      return false;
  }
}

function openSection(tokens: TokenStream, resource: string, what: string, word: string): void {
  tokens.claim(what, resource, word);
  tokens.expectPunctuation('{');
}

/** `disk PATH;` belongs to the implicit volume, `disk { }` to the resource. */
function parseDiskStatement(tokens: TokenStream, resource: ResourceSection): void {
  const token = tokens.next();
  if (tokens.is('{')) {
    tokens.claim('disk section', resource.name, 'disk');
    parseOuterDiskSection(tokens, resource, resource.net);
  } else if (token.kind === 'string') {
    parseDiskPath(tokens, implicitVolume(tokens, resource.volumes));
  } else {
    throw tokens.badString('TK_STRING | {');
  }
}

/**
 * The original cuts names here. A template that is its own template, directly or by others, has this to thank for its
 * end: each level makes the name longer, until two are cut to the same one.
 */
const TEMPLATE_NAME_MAX = 1023;

/** `template-file PATH;`: a file whose `common` takes the place of the common section. The word has been read. */
function parseTemplateFile(tokens: TokenStream, resource: ResourceSection): void {
  const name = tokens.expectString();
  tokens.expectPunctuation(';');
  const path = besideFile(tokens.file.canonical, name);
  const read = tokens.run.reader.readFile(path);
  resource.templateFile = tokens.run.reader.realpath(path);
  if (read.kind !== 'text') {
    tokens.run.diagnostics.push({
      severity: 'late',
      text: `${tokens.file.canonical}:${tokens.statementLine}: Failed to open template file '${name}'.`,
    });
    return;
  }
  const canonical = tokens.run.reader.realpath(path);
  const inner = new TokenStream(read.text, tokens.run, { openedAs: name, canonical });
  inner.expectKeyword('common', 'TK_COMMON');
  inner.expectPunctuation('{');
  const templateName = `template-${resource.name}`.slice(0, TEMPLATE_NAME_MAX);
  const position = { file: canonical, openedAs: name, line: tokens.statementLine };
  tokens.run.unique.claim('resource section', templateName, position);
  const template = parseResourceBody(inner, templateName);
  refuseHosts(inner, template, template.name);
  resource.template = template;
}
