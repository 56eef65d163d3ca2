/** What -vv tells of a plan: each scheduled command, and which one it waits for. Source: adm.md 1.1, transcripts of -vv. */
import type { Schedule, Scheduled } from './schedule';

const ID_DIGITS = 6;

/** One line per command. The number in brackets stands for it in later lines; the original prints an address there. */
export function announcement({ announced }: Schedule): readonly string[] {
  const numbers = new Map(announced.map((item, index) => [item, index + 1]));
  const id = (item: Scheduled) => `[0x${(numbers.get(item) ?? 0).toString(16).padStart(ID_DIGITS, '0')}]`;
  const label = ({ name, resource }: Scheduled) => `${name}(${resource})`;
  return announced.map((item) => {
    const { after } = item;
    const condition = after === null ? '' : ` depending on ${label(after)}${id(after)}`;
    return `scheduling ${label(item)}${condition} as ${id(item)}`;
  });
}
