/** Values of drbd.conf as `dump` writes them. Source: config.md 8.1. */
const BARE_MAX = 80;

export function quote(text: string): string {
  if (text.length <= BARE_MAX && /^[A-Za-z0-9._/-]+$/.test(text)) return text;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
