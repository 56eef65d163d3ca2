/** The option sections by name: which options they take, and what their messages say. Source: config.md 4, 7.1. */
import { ConfigError, type OptionList, type OptionSections, type OptionSetting } from '../model';
import { findOption } from '../options';
import { parseOption, parseOptionSection, type OptionSectionRules } from './option-section';
import type { TokenStream } from './token-stream';

/** The three lists that a `disk { }` section fills. */
export interface DiskLists {
  readonly disk: OptionList;
  readonly peerDevice: OptionList;
  readonly device: OptionList;
}

function netRules(net: OptionList): OptionSectionRules {
  return { targets: [['net', net]], expected: 'an option keyword' };
}

export function parseNetSection(tokens: TokenStream, net: OptionList): void {
  parseOptionSection(tokens, netRules(net));
}

/** `protocol` outside `net`, as older configurations have it; the name is the token read last. */
export function parseProtocol(tokens: TokenStream, net: OptionList): void {
  parseOption(tokens, netRules(net));
}

/** The `disk` section of a volume, or of a host with an implicit volume. */
export function parseDiskSection(tokens: TokenStream, lists: DiskLists): void {
  parseOptionSection(tokens, diskRules(lists));
}

/** The `disk` section of a resource or of common, which may hold `fencing`: the older place of the net option. */
export function parseOuterDiskSection(tokens: TokenStream, lists: DiskLists, net: OptionList): void {
  parseOptionSection(tokens, {
    ...diskRules(lists),
    extra: () => {
      if (tokens.text !== 'fencing') return false;
      parseOption(tokens, netRules(net));
      return true;
    },
  });
}

function diskRules(lists: DiskLists): OptionSectionRules {
  return {
    targets: [
      ['disk', lists.disk],
      ['peer-device', lists.peerDevice],
      ['device', lists.device],
    ],
    expected: { namesOf: 'peer-device' },
  };
}

export function parsePeerDeviceSection(tokens: TokenStream, peerDevice: OptionList): void {
  parseOptionSection(tokens, { targets: [['peer-device', peerDevice]], expected: { namesOf: 'peer-device' } });
}

export function parseResourceOptions(tokens: TokenStream, resource: OptionList): void {
  parseOptionSection(tokens, { targets: [['resource', resource]], expected: { namesOf: 'resource' } });
}

export function parseHandlers(tokens: TokenStream, handlers: OptionList): void {
  parseOptionSection(tokens, { targets: [['handlers', handlers]], expected: { namesOf: 'handlers' } });
}

const SYNCER_NAMES: ReadonlyMap<string, string> = new Map([
  ['rate', 'resync-rate'],
  ['after', 'resync-after'],
]);

/** The older `syncer` section: its options are spread over the sections of today. */
export function parseSyncer(tokens: TokenStream, sections: OptionSections): void {
  parseOptionSection(tokens, {
    targets: [
      ['net', sections.net],
      ['disk', sections.disk],
      ['peer-device', sections.peerDevice],
      ['resource', sections.resource],
    ],
    expected: 'a syncer option keyword',
    renamed: SYNCER_NAMES,
  });
}

export function parseStartup(tokens: TokenStream, sections: OptionSections): void {
  parseOptionSection(tokens, {
    targets: [['startup', sections.startup]],
    expected: '<an option keyword> | become-primary-on | stacked-timeouts',
    extra: () => startupStatement(tokens, sections),
  });
}

function startupStatement(tokens: TokenStream, sections: OptionSections): boolean {
  if (tokens.text === 'stacked-timeouts') {
    sections.stackedTimeouts = true;
    tokens.expectPunctuation(';');
    return true;
  }
  if (tokens.text !== 'become-primary-on') return false;
  // DRBD 9 reads it and drops it.
  for (;;) {
    tokens.next();
    if (tokens.is(';')) return true;
    if (tokens.kind === 'end') throw tokens.expected(';');
  }
}

/** Proxy options: any other name opens a block whose statements are kept as lines (normally `plugin`). */
export function parseProxyOptions(tokens: TokenStream, options: OptionList, plugins: OptionSetting[]): void {
  parseOptionSection(tokens, {
    targets: [['proxy', options]],
    expected: { namesOf: 'proxy' },
    extra: () => {
      if (findOption('proxy', tokens.text) !== undefined) return false;
      parsePluginBlock(tokens, plugins);
      return true;
    },
  });
}

function parsePluginBlock(tokens: TokenStream, plugins: OptionSetting[]): void {
  tokens.next();
  if (!tokens.is('{')) {
    throw new ConfigError(`${tokens.where(tokens.run.lastSectionLine)}expected "{" after "proxy" keyword`);
  }
  let words: string[] = [];
  for (;;) {
    const token = tokens.next();
    if (tokens.is(';')) {
      plugins.push({ name: words.join(' '), value: undefined, inherited: false });
      words = [];
    } else if (tokens.is('}')) {
      if (words.length === 0) return;
      throw new ConfigError(`${tokens.where(token.line)}Missing ";" before  "}"`);
    } else if (token.kind === 'end') {
      throw tokens.expected('}');
    } else {
      words.push(token.text);
    }
  }
}
