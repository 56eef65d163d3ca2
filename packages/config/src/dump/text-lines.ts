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
  private readonly lines: string[] = [];
  private level = 0;

  get text(): string {
    return this.lines.length === 0 ? '' : `${this.lines.join('\n')}\n`;
  }

  /** The blanks of the current nesting level. */
  get blanks(): string {
    return (INDENTS[this.level] ??= ' '.repeat(INDENT * this.level));
  }

  line(text: string): void {
    this.lines.push(text === '' || this.level === 0 ? text : this.blanks + text);
  }

  /** Without indentation. */
  raw(text: string): void {
    this.lines.push(text);
  }

  block(head: string, body: () => void): void {
    this.line(`${head} {`);
    this.level += 1;
    body();
    this.level -= 1;
    this.line('}');
  }

  /** A block, unless it is empty. */
  blockOf(head: string, items: readonly unknown[], body: () => void): void {
    if (items.length > 0) this.block(head, body);
  }

  setting(name: string, value: string): void {
    const width = Math.max(0, NAME_COLUMN - INDENT * this.level);
    this.line(`${name.padEnd(width)} ${value.padStart(VALUE_WIDTH)};`);
  }

  device(words: string): void {
    this.line(`${'device'.padEnd(DEVICE_COLUMN + 'device'.length - INDENT * this.level)}${words};`);
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
