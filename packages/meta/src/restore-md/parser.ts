/** The grammar of a dump. Source: metadata.md 8.6. Errors: MetaExit 10, with the texts of drbdmeta. */
import {
  BM_BYTES_PER_BIT_MAX,
  BM_BYTES_PER_BIT_MIN,
  HISTORY_UUID_COUNT,
  NODE_ID_COUNT,
  type PeerMd,
} from '@tsdrbd/engine/metadata';
import { EXIT, MetaExit } from '../meta-exit';
import { Lexer, type Token } from './lexer';

export interface DumpHead {
  readonly version: string;
  /** 1 for v07 and v08. */
  readonly maxPeers: number;
}

export type DumpIdentity =
  | { readonly kind: 'v07'; readonly counters: readonly number[] }
  | { readonly kind: 'v08'; readonly uuids: readonly bigint[]; readonly flags: number }
  | {
      readonly kind: 'v09';
      readonly nodeId: number;
      readonly currentUuid: bigint;
      readonly flags: number;
      readonly members: bigint;
      readonly peers: readonly PeerMd[];
      readonly historyUuids: readonly bigint[];
    };

export interface DumpGeometry {
  readonly effectiveSizeSectors: number;
  readonly bytesPerBit: number;
  readonly deviceUuid: bigint;
  readonly laPeerMaxBioSize: number;
  readonly alStripes: number;
  readonly alStripeSize4k: number;
}

/** `count` times the same 64 bits. */
export interface BitmapRun {
  readonly count: number;
  readonly value: bigint;
}

export class DumpParser {
  private readonly lexer: Lexer;
  private token: Token;

  constructor(text: string) {
    this.lexer = new Lexer(text);
    this.token = this.lexer.next();
  }

  /** `wanted` is the format of the command line. */
  head(wanted: 'v07' | 'v08' | 'v09'): DumpHead {
    this.keyword('version');
    const version = this.string();
    this.semicolon();
    if (version !== wanted) {
      throw new MetaExit(EXIT.badValue, `dump is '${version}' you requested '${wanted}'.`);
    }
    if (wanted !== 'v09') return { version, maxPeers: 1 };
    return { version, maxPeers: this.namedNumber('max-peers') };
  }

  identity(format: 'v07' | 'v08' | 'v09'): DumpIdentity {
    switch (format) {
      case 'v07': {
        this.keyword('gc');
        this.brace('{');
        const counters = Array.from({ length: 5 }, () => this.numberAndSemicolon());
        this.brace('}');
        return { kind: 'v07', counters };
      }
      case 'v08': {
        this.keyword('uuid');
        this.brace('{');
        const uuids = Array.from({ length: 4 }, () => this.hexAndSemicolon(16));
        const flags = Number(this.namedHex('flags', 8));
        this.brace('}');
        return { kind: 'v08', uuids, flags };
      }
      case 'v09':
        return this.identityV09();
    }
  }

  private identityV09(): DumpIdentity {
    const nodeId = this.namedNumber('node-id');
    const currentUuid = this.namedHex('current-uuid', 16);
    const flags = Number(this.namedHex('flags', 8));
    // Dumps from before 9.27 lack it.
    const members = this.isKeyword('members') ? this.namedHex('members', 16) : 0n;
    const peers = new Map<number, PeerMd>();
    while (peers.size < NODE_ID_COUNT) this.peer(peers);
    this.keyword('history-uuids');
    this.brace('{');
    const historyUuids = Array.from({ length: HISTORY_UUID_COUNT }, () => this.hexAndSemicolon(16));
    this.brace('}');
    const inOrder = [...peers].sort(([a], [b]) => a - b).map(([, peer]) => peer);
    return { kind: 'v09', nodeId, currentUuid, flags, members, peers: inOrder, historyUuids };
  }

  private peer(peers: Map<number, PeerMd>): void {
    this.keyword('peer');
    const { line } = this.token;
    const slot = this.slotNumber();
    if (slot < 0 || slot >= NODE_ID_COUNT) throw parseError(line, `Slot ${slot} out of range`);
    if (peers.has(slot)) throw parseError(line, `Peer slot ${slot} defined multiple times`);
    this.brace('{');
    const bitmapIndex = this.namedNumber('bitmap-index');
    const bitmapUuid = this.namedHex('bitmap-uuid', 16);
    const bitmapDagtag = this.namedHex('bitmap-dagtag', 16);
    const flags = Number(this.namedHex('flags', 8));
    this.brace('}');
    peers.set(slot, { bitmapUuid, bitmapDagtag, flags, bitmapIndex });
  }

  geometry(format: 'v07' | 'v08' | 'v09'): DumpGeometry {
    const effectiveSizeSectors = this.namedCount('la-size-sect');
    if (format === 'v07') {
      const implied = { bytesPerBit: BM_BYTES_PER_BIT_MIN, deviceUuid: 0n, laPeerMaxBioSize: 0 };
      return { effectiveSizeSectors, ...implied, alStripes: 1, alStripeSize4k: 8 };
    }
    const bytesPerBit = this.namedNumber('bm-byte-per-bit');
    const isPowerOf2 = Number.isInteger(Math.log2(bytesPerBit));
    if (bytesPerBit < BM_BYTES_PER_BIT_MIN || bytesPerBit > BM_BYTES_PER_BIT_MAX || !isPowerOf2) {
      throw new MetaExit(
        EXIT.badValue,
        'Invalid value for bm-byte-per-bit: value must be a power-of-two in [4k .. 1M]',
      );
    }
    return {
      effectiveSizeSectors,
      bytesPerBit,
      deviceUuid: this.namedHex('device-uuid', 16),
      laPeerMaxBioSize: this.namedCount('la-peer-max-bio-size'),
      alStripes: this.namedCount('al-stripes'),
      alStripeSize4k: this.namedCount('al-stripe-size-4k'),
    };
  }

  /** One list of runs per slot, and never less than one; nothing may follow. */
  bitmaps(format: 'v07' | 'v08' | 'v09', maxPeers: number): readonly (readonly BitmapRun[])[] {
    const slots = Array.from({ length: Math.max(1, maxPeers) }, (_, slot) => {
      if (format !== 'v09') {
        this.keyword('bm');
        return this.runs();
      }
      this.keyword('bitmap');
      const { line } = this.token;
      const found = this.slotNumber();
      if (found !== slot) throw parseError(line, `Expected peer slot ${slot} but found ${found}`);
      return this.runs();
    });
    if (this.token.kind !== 'end') throw this.unexpected('end of file');
    return slots;
  }

  private runs(): readonly BitmapRun[] {
    this.brace('{');
    const runs: BitmapRun[] = [];
    for (;;) {
      const { token } = this;
      if (token.kind === 'punctuation' && token.text === '}') {
        this.advance();
        return runs;
      }
      if (token.kind === 'number') {
        // The original takes it for a very large one, and fills the bitmap.
        if (token.value < 0) throw parseError(token.line, `repeat count ${token.value} out of range`);
        this.advance();
        this.keyword('times');
        runs.push({ count: token.value, value: this.hexAndSemicolon(16) });
      } else if (token.kind === 'hex' && token.digitCount === 16) {
        runs.push({ count: 1, value: this.hexAndSemicolon(16) });
      } else {
        throw this.unexpected('repeat count, 16-digit hex number, or closing brace (})');
      }
    }
  }

  private slotNumber(): number {
    this.punctuation('[', 'opening bracket ([)');
    const slot = this.number();
    this.punctuation(']', 'closing bracket (])');
    return slot;
  }

  private namedNumber(keyword: string): number {
    this.keyword(keyword);
    return this.numberAndSemicolon();
  }

  /** What is never negative; the original takes a negative one for a very large one. */
  private namedCount(keyword: string): number {
    this.keyword(keyword);
    const { line } = this.token;
    const value = this.numberAndSemicolon();
    if (value < 0) throw parseError(line, `${keyword} ${value} out of range`);
    return value;
  }

  private namedHex(keyword: string, digitCount: 8 | 16): bigint {
    this.keyword(keyword);
    return this.hexAndSemicolon(digitCount);
  }

  private numberAndSemicolon(): number {
    const value = this.number();
    this.semicolon();
    return value;
  }

  private hexAndSemicolon(digitCount: 8 | 16): bigint {
    const { token } = this;
    if (token.kind !== 'hex' || token.digitCount !== digitCount) {
      throw this.unexpected(digitCount === 8 ? 'an 8-digit hex number' : 'a 16-digit hex number');
    }
    this.advance();
    this.semicolon();
    return token.value;
  }

  private number(): number {
    const { token } = this;
    if (token.kind !== 'number') throw this.unexpected('number ([0-9], up to 20 digits)');
    this.advance();
    return token.value;
  }

  private string(): string {
    const { token } = this;
    if (token.kind !== 'string') throw this.unexpected('string');
    this.advance();
    return token.text;
  }

  private isKeyword(text: string): boolean {
    return this.token.kind === 'keyword' && this.token.text === text;
  }

  private keyword(text: string): void {
    if (!this.isKeyword(text)) throw this.unexpected(`keyword '${text}'`);
    this.advance();
  }

  private semicolon(): void {
    this.punctuation(';', 'semicolon (;)');
  }

  private brace(text: '{' | '}'): void {
    this.punctuation(text, text === '{' ? 'opening brace ({)' : 'closing brace (})');
  }

  private punctuation(text: string, name: string): void {
    if (this.token.kind !== 'punctuation' || this.token.text !== text) throw this.unexpected(name);
    this.advance();
  }

  private advance(): void {
    this.token = this.lexer.next();
  }

  private unexpected(expected: string): MetaExit {
    const { token } = this;
    const problem = `${expected} expected`;
    switch (token.kind) {
      case 'end':
        return parseError(token.line, `${problem}, but end of file encountered`);
      case 'invalid-word':
        return new MetaExit(EXIT.badValue, `${token.problem}\nParse error in line ${token.line}: ${problem}`);
      case 'invalid-character': {
        const code = token.text.charCodeAt(0).toString(16).padStart(2, '0');
        return parseError(token.line, `${problem}; got invalid input character '\\x${code}' [${token.text}]`);
      }
      case 'number':
      case 'hex':
        return parseError(token.line, `${problem}, not some number`);
      case 'string':
        return parseError(token.line, `${problem}, not some string`);
      case 'keyword':
      case 'punctuation':
        return parseError(token.line, `${problem}, not '${token.text}'`);
    }
  }
}

function parseError(line: number, message: string): MetaExit {
  return new MetaExit(EXIT.badValue, `Parse error in line ${line}: ${message}`);
}
