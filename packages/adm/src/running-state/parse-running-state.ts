/**
 * Reads `drbdsetup show`. Parsing ends quietly at the first thing that is no resource; an error inside one ends the
 * run, since a plan made from half a state would tear down what works. Source: adm.md 4.1.
 */
import { tokenNumber, type Address, type MetaDisk, type ResolvedOption } from '@tsdrbd/config';
import { AdmExit, EXIT } from '../adm-exit';
import { OPTION_LISTS, type OptionListName } from '../commands/option-lists';
import {
  NO_OPTIONS,
  type RunningConnection,
  type RunningOptions,
  type RunningPath,
  type RunningResource,
  type RunningVolume,
} from './running-state';
import { tokenize, type Token } from './tokens';

/** `source` is named in errors: the command that printed the text. Errors: AdmExit 10. */
export function parseRunningState(text: string, source: string): readonly RunningResource[] {
  const parser = new Parser(tokenize(text), source);
  const resources: RunningResource[] = [];
  while (parser.accept('resource')) resources.push(parser.resource());
  return resources;
}

class Parser {
  private position = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly source: string,
  ) {}

  resource(): RunningResource {
    const name = this.value('resource name');
    let options = NO_OPTIONS;
    let volumes: RunningVolume[] = [];
    const connections: RunningConnection[] = [];
    this.block(() => {
      if (this.accept('options')) options = this.options('resource');
      else if (this.accept('_this_host')) volumes = this.thisHost();
      else if (this.accept('connection')) connections.push(this.connection());
      else this.fail('options | _this_host | connection');
    });
    return { name, options, volumes, connections };
  }

  private thisHost(): RunningVolume[] {
    const volumes: RunningVolume[] = [];
    this.block(() => {
      if (this.accept('node-id')) this.statement(() => this.value('number'));
      else if (this.accept('volume')) volumes.push(this.volume());
      else this.fail('node-id | volume');
    });
    return volumes;
  }

  private volume(): RunningVolume {
    const number = Number(this.value('number'));
    let minor = -1;
    let disk: string | null = null;
    let metaDisk: MetaDisk = { kind: 'internal' };
    let options = NO_OPTIONS;
    this.block(() => {
      if (this.accept('device')) {
        this.accept('minor');
        minor = Number(this.statement(() => this.value('number')));
      } else if (this.accept('disk')) {
        if (this.peek().text === '{') options = this.options('volume');
        else disk = this.statement(() => this.diskName());
      } else if (this.accept('meta-disk')) {
        metaDisk = this.statement(() => this.metaDisk());
      } else {
        this.fail('device | disk | meta-disk');
      }
    });
    return { number, minor, disk, metaDisk, options };
  }

  private diskName(): string | null {
    const token = this.peek();
    const name = this.value('disk');
    return token.kind === 'word' && name === 'none' ? null : name;
  }

  private metaDisk(): MetaDisk {
    const device = this.value('meta-disk');
    if (device === 'internal') return { kind: 'internal' };
    if (!this.accept('[')) return { kind: 'flexible', device };
    const index = this.value('number');
    this.expect(']');
    return { kind: 'indexed', device, index };
  }

  private connection(): RunningConnection {
    let peerNodeId = '';
    let state = 'StandAlone';
    let options = NO_OPTIONS;
    const paths: RunningPath[] = [];
    const peerDevices: { volumeNumber: number; options: RunningOptions }[] = [];
    this.block(() => {
      if (this.accept('_peer_node_id')) {
        peerNodeId = this.statement(() => this.value('number'));
      } else if (this.accept('path')) {
        paths.push(this.path());
      } else if (this.accept('_cstate')) {
        state = this.statement(() => this.value('connection state'));
      } else if (this.accept('_is_standalone')) {
        this.statement(() => (state = 'StandAlone'));
      } else if (this.accept('net')) {
        options = this.options('new-peer');
      } else if (this.accept('volume')) {
        const volumeNumber = Number(this.value('number'));
        let peerDeviceOptions = NO_OPTIONS;
        this.block(() => {
          this.expect('disk');
          peerDeviceOptions = this.options('peer-device');
        });
        peerDevices.push({ volumeNumber, options: peerDeviceOptions });
      } else {
        this.fail('_peer_node_id | path | _cstate | net | volume');
      }
    });
    return { peerNodeId, state, options, paths, peerDevices };
  }

  private path(): RunningPath {
    const ends = new Map<string, { readonly address: Address; readonly line: number }>();
    this.block(() => {
      const { text, line } = this.peek();
      if (!this.accept('_this_host') && !this.accept('_remote_host')) this.fail('_this_host | _remote_host');
      ends.set(text, { address: this.statement(() => this.address()), line });
    });
    const local = ends.get('_this_host');
    const peer = ends.get('_remote_host');
    if (local === undefined || peer === undefined) return this.fail('_this_host | _remote_host');
    return { local: local.address, peer: peer.address, lines: { local: local.line, peer: peer.line } };
  }

  private address(): Address {
    const family = this.value('address family') as Address['family'];
    if (this.accept('[')) {
      const address = this.value('address');
      this.expect(']');
      return { family, address, port: this.value('port').replace(/^:/, '') };
    }
    const word = this.value('address');
    const colon = word.lastIndexOf(':');
    return { family, address: word.slice(0, colon), port: word.slice(colon + 1) };
  }

  private options(section: keyof typeof SECTION_OPTIONS): RunningOptions {
    const known = SECTION_OPTIONS[section];
    const settings: ResolvedOption[] = [];
    const unknown = new Set<string>();
    this.block(() => {
      const isUnknown = this.accept('_unknown');
      const name = this.peek().text;
      if (this.peek().kind === 'end') this.fail([...known].join(' | '));
      if (!known.has(name)) this.fail('an option keyword');
      this.position++;
      if (isUnknown) {
        this.expect(';');
        unknown.add(name);
      } else {
        const value = this.accept(';') ? 'yes' : this.statement(() => this.value('value'));
        settings.push({ name, value });
      }
    });
    return { settings, unknown };
  }

  private block(entry: () => void): void {
    this.expect('{');
    while (!this.accept('}')) entry();
  }

  private statement<T>(read: () => T): T {
    const value = read();
    this.expect(';');
    return value;
  }

  private value(what: string): string {
    const token = this.peek();
    if (token.kind === 'word' || token.kind === 'string') {
      this.position++;
      return token.text;
    }
    return this.fail(what);
  }

  private peek(): Token {
    return this.tokens[this.position] ?? { kind: 'end', text: '', line: 0 };
  }

  accept(text: string): boolean {
    const token = this.peek();
    if (token.kind === 'string' || token.kind === 'end' || token.text !== text) return false;
    this.position++;
    return true;
  }

  private expect(text: string): void {
    if (this.accept(text)) return;
    this.fail(text, ` (TK ${tokenNumber(this.peek().text)})`);
  }

  private fail(expected: string, tokenKind = ''): never {
    const { line, text } = this.peek();
    const message = `${this.source}:${line}: Parse error: '${expected}' expected,\n\tbut got '${text}'${tokenKind}`;
    throw new AdmExit(EXIT.config, message);
  }
}

const namesOf = (...lists: readonly OptionListName[]): ReadonlySet<string> =>
  new Set(lists.flatMap((list) => OPTION_LISTS[list].map(({ name }) => name)));

/** Which options a section of the running state may hold. */
const SECTION_OPTIONS = {
  resource: namesOf('resource'),
  volume: namesOf('disk', 'device'),
  'new-peer': namesOf('new-peer'),
  'peer-device': namesOf('peer-device'),
};
