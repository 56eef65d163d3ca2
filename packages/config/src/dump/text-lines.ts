/** Indented lines, and the columns in which drbdadm writes statements. Source: config.md 8.1. */
import { formatEndpoint, type Address } from '../model';

const INDENT = 4;
const NAME_COLUMN = 24;
const DEVICE_COLUMN = 19;
const ADDRESS_WIDTH = 16;
const VALUE_WIDTH = 3;

/** The blanks of each nesting level, made when the first line needs them. */
const INDENTS: string[] = [];

export class TextLines {
  /** Of the block on the outermost level that is being written. */
  private pieces: string[] = [];
  private readonly blocks: string[] = [];
  private level = 0;
  /** By nesting level and name: what stands in front of a setting's value. */
  private readonly heads: Map<string, string>[] = [];

  get text(): string {
    this.endBlock();
    return this.blocks.join('');
  }

  private endBlock(): void {
    this.blocks.push(this.pieces.join(''));
    this.pieces = [];
  }

  /** The blanks of the current nesting level. */
  get blanks(): string {
    return (INDENTS[this.level] ??= ' '.repeat(INDENT * this.level));
  }

  line(text: string): void {
    if (text === '') this.pieces.push('\n');
    else this.pieces.push(this.blanks, text, '\n');
  }

  /** Without indentation. */
  raw(text: string): void {
    this.pieces.push(text, '\n');
  }

  /** Opens a block. */
  open(head: string): void {
    this.pieces.push(this.blanks, head, ' {\n');
    this.level += 1;
  }

  /** Closes the innermost block. */
  close(): void {
    this.level -= 1;
    this.line('}');
    if (this.level === 0) this.endBlock();
  }

  setting(name: string, value: string): void {
    this.pieces.push(
      this.head(name, NAME_COLUMN - INDENT * this.level, ' '),
      value.length < VALUE_WIDTH ? value.padStart(VALUE_WIDTH) : value,
      ';\n',
    );
  }

  device(words: string): void {
    const width = DEVICE_COLUMN + 'device'.length - INDENT * this.level;
    this.pieces.push(this.head('device', width, ''), words, ';\n');
  }

  /** `gap` stands behind names of any length. Width and gap follow from the name and the level. */
  private head(name: string, width: number, gap: string): string {
    const heads = (this.heads[this.level] ??= new Map<string, string>());
    let head = heads.get(name);
    if (head === undefined) heads.set(name, (head = this.blanks + name.padEnd(width) + gap));
    return head;
  }
}

/** `address          ipv4 10.0.0.1:7000`: the same width on every level. */
export function addressColumns(word: string, address: Address): string {
  return `${word.padEnd(ADDRESS_WIDTH)} ${address.family} ${formatEndpoint(address)}`;
}

/** `meta-disk        /dev/md [0]` */
export function pathColumns(word: string, path: string): string {
  return `${word.padEnd(ADDRESS_WIDTH)} ${path}`;
}
