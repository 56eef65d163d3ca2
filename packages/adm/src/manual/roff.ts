/** Pieces of a manual page in the man macros. */

/** Text of a line; a leading dot or quote would be a request. */
export function escapeRoff(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/’/g, '\\(cq')
    .replace(/^(?=[.'])/gm, '\\&');
}

export function title(name: string, section: number, part: string): string {
  return `.TH ${name.toUpperCase()} ${section} "2026" "tsdrbd" "${part}"`;
}

export function heading(level: 'section' | 'subsection', text: string): string {
  return `${level === 'section' ? '.SH' : '.SS'} ${text}`;
}

/** A paragraph with a tag of roff in front. */
export function tagged(tag: string, ...lines: readonly string[]): string {
  return ['.TP', tag, ...lines].join('\n');
}

export function bold(text: string): string {
  return `\\fB${escapeRoff(text)}\\fP`;
}

export function italic(text: string): string {
  return `\\fI${escapeRoff(text)}\\fP`;
}

/** Lines as they are. */
export function example(text: string): string {
  return ['.PP', '.nf', '.RS', escapeRoff(text), '.RE', '.fi'].join('\n');
}

export function paragraphs(...texts: readonly string[]): string {
  return texts.map(escapeRoff).join('\n.PP\n');
}
