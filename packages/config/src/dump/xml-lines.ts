/** Indented XML. Source: config.md 8.3. */
const INDENT = 4;
const ENTITIES: Readonly<Record<string, string>> = {
  "'": '&apos;',
  '"': '&quot;',
  '<': '&lt;',
  '>': '&gt;',
  '&': '&amp;',
};

export function escapeXml(text: string): string {
  return text.replace(/['"<>&]/g, (character) => ENTITIES[character] ?? character);
}

/** `<tag a="1">content</tag>`; the content is written as it is. */
export function element(open: string, content: string): string {
  return `<${open}>${content}</${tagOf(open)}>`;
}

function tagOf(open: string): string {
  return open.split(' ', 1)[0] ?? open;
}

export class XmlLines {
  private readonly lines: string[] = [];
  private level = 0;

  get text(): string {
    return this.lines.map((line) => `${line}\n`).join('');
  }

  line(text: string): void {
    this.lines.push(' '.repeat(INDENT * this.level) + text);
  }

  block(open: string, body: () => void): void {
    this.line(`<${open}>`);
    this.level += 1;
    body();
    this.level -= 1;
    this.line(`</${tagOf(open)}>`);
  }
}
