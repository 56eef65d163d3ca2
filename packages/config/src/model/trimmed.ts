/**
 * A list with room for no more than is in it: V8 leaves room for 16 in each that something is added to, and a large
 * configuration is made of many lists of one, two or three.
 */
export function trimmed<Item>(list: Item[]): Item[] {
  return list.length === 0 ? list : list.slice();
}
