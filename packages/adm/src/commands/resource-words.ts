/** RES, RES/VNR, RES:PEER, RES:PEER/VNR, minor-N and all. Source: adm.md 1.3, 1.5. */
import type { ResolvedConnection, ResolvedResource, ResolvedVolume } from '@tsdrbd/config';
import { AdmExit, EXIT } from '../adm-exit';
import { commandRow, type CommandName } from './command-table';
import type { Target } from './target';

/** What the words of one run are looked up in; naming a peer hides its siblings from then on. */
export interface Directory {
  /** By name or by a minor; null: not defined for this host. */
  find(name: string): ResolvedResource | null;
  findMinor(minor: number): ResolvedResource | null;
  /** Why a resource that is defined cannot be worked on here; null: it can. */
  refusal(name: string): string | null;
  isLocalHost(name: string, resource: ResolvedResource): boolean;
  /** Of any host that a section names, in this resource. */
  sameHost(left: string, right: string): boolean;
}

interface Word {
  readonly text: string;
  readonly resourceName: string;
  readonly peerName: string | null;
  readonly volumeNumber: number | null;
}

export type LookUp =
  { readonly kind: 'target'; readonly target: Target } | { readonly kind: 'error'; readonly message: string };

export class ResourceWords {
  /** Per resource: the peer that was named, or all of them. */
  private readonly enabled = new Map<string, ResolvedConnection | 'all'>();

  constructor(
    private readonly command: CommandName,
    private readonly directory: Directory,
  ) {}

  /**
   * First all words are looked at for peers: that the same connection is named twice is found before anything runs.
   * Errors: AdmExit 1.
   */
  enableConnections(texts: readonly string[]): void {
    for (const text of texts) {
      const word = parseWord(text);
      const resource = this.directory.find(word.resourceName);
      if (resource === null) continue;
      const before = this.enabled.get(resource.name);
      if (word.peerName === null) {
        if (before !== undefined && word.volumeNumber === null && resource.connections.length > 0) {
          throw alreadyEnabled(text);
        }
        if (before === undefined) this.enabled.set(resource.name, 'all');
        continue;
      }
      const connection = this.findPeer(resource, word.peerName);
      if (connection === null) continue;
      if (before === 'all' || before === connection) throw alreadyEnabled(text);
      if (before === undefined) this.enabled.set(resource.name, connection);
    }
  }

  /** Errors: AdmExit for a part that the resource does not have, or that the command cannot take. */
  lookUp(text: string): LookUp {
    const word = parseWord(text);
    let resource = this.directory.find(word.resourceName);
    let { volumeNumber } = word;
    if (resource === null && word.resourceName.startsWith('minor-')) {
      const minor = parseNumber(word.resourceName.slice('minor-'.length));
      resource = this.directory.findMinor(minor);
      volumeNumber = resource?.volumes.find((volume) => volume.minor === minor)?.number ?? null;
    }
    const refusal = this.directory.refusal(word.resourceName);
    if (refusal !== null) return { kind: 'error', message: refusal };
    if (resource === null) {
      return { kind: 'error', message: `'${text}' not defined in your config (for this host).` };
    }

    let peer: ResolvedConnection | null = null;
    if (word.peerName !== null) {
      peer = this.findPeer(resource, word.peerName);
      if (peer === null) {
        throw unexpected(text, this.noPeerMessage(resource, word));
      }
    }
    let volume: ResolvedVolume | null = null;
    if (volumeNumber !== null) {
      volume = resource.volumes.find(({ number }) => number === volumeNumber) ?? null;
      if (volume === null) {
        throw unexpected(text, `Resource '${resource.name}' has no volume ${volumeNumber}`);
      }
    }
    volume = this.checkVolume(resource, volume, text);
    const visible = this.enabled.get(resource.name) ?? 'all';
    if (peer !== null && visible !== 'all' && visible !== peer) {
      throw unexpected(text, `Connection '${peer.name}' has the ignore flag set`);
    }
    return {
      kind: 'target',
      target: {
        resource,
        volume,
        peer,
        volumes: volume === null ? resource.volumes : [volume],
        connections: visible === 'all' ? resource.connections : [visible],
        origin: 'named',
      },
    };
  }

  /** Errors: AdmExit 1 where a volume is named and cannot be, or is not and must be. */
  private checkVolume(resource: ResolvedResource, volume: ResolvedVolume | null, text: string): ResolvedVolume | null {
    const row = commandRow(this.command);
    if (row.volume === 'refused' && volume !== null) {
      if (volume.isImplicit) return null;
      throw new AdmExit(
        EXIT.usage,
        `${this.command} operates on whole resources, but you specified a specific volume!`,
      );
    }
    if (row.volume === 'required' && volume === null) {
      const [only] = resource.volumes;
      if (only?.isImplicit === true && resource.volumes.length === 1) return only;
      throw new AdmExit(
        EXIT.usage,
        `${this.command} requires a specific volume id, but none is specified.\n` +
          `Try '${this.command} minor-<minor_number>' or '${this.command} ${text}/<vnr>'`,
      );
    }
    return volume;
  }

  private findPeer(resource: ResolvedResource, peerName: string): ResolvedConnection | null {
    const { directory } = this;
    const byHost = resource.connections.find(({ peerHostNames }) =>
      peerHostNames.some((name) => directory.sameHost(name, peerName)),
    );
    return byHost ?? resource.connections.find(({ name }) => name === peerName) ?? null;
  }

  private noPeerMessage(resource: ResolvedResource, { peerName, resourceName }: Word): string {
    const name = peerName ?? '';
    if (name !== '' && this.directory.isLocalHost(name, resource)) {
      const line = `Host name '${name}' (from '${resourceName}:${name}') is not a peer, but the local node`;
      return [line, line, line].join('\n');
    }
    return `Not a valid connection (${resource.name}:${name}) for this host`;
  }
}

function alreadyEnabled(text: string): AdmExit {
  return new AdmExit(EXIT.usage, `USAGE_BUG: ${text} would enable an already enabled connection`);
}

/** A part that the resource does not have ends the run; an unknown resource does not. */
function unexpected(text: string, message: string): AdmExit {
  return new AdmExit(EXIT.usage, `${message}\n'${text}' unexpected ctx_by_* result r=-2`);
}

/** The volume is behind the last `/`, the peer behind the first `:` of what is left. */
function parseWord(text: string): Word {
  const slash = text.lastIndexOf('/');
  const volumeNumber = slash < 0 ? null : parseNumber(text.slice(slash + 1));
  const rest = slash < 0 ? text : text.slice(0, slash);
  const colon = rest.indexOf(':');
  return colon < 0
    ? { text, resourceName: rest, peerName: null, volumeNumber }
    : { text, resourceName: rest.slice(0, colon), peerName: rest.slice(colon + 1), volumeNumber };
}

/** Errors: AdmExit 20, or 100 for none at all. */
function parseNumber(text: string): number {
  if (text === '') throw new AdmExit(EXIT.missingNumber, 'missing number argument');
  if (!/^\d+$/.test(text)) throw new AdmExit(EXIT.failed, `${text} is not a valid number`);
  return Number(text);
}
