/** A table of numbers with names, looked up both ways. */
export interface NameTable<Name extends string> {
  readonly number: (name: string) => number | undefined;
  /** `?N` for a number without a name, so that a log line never hides it. */
  readonly name: (value: number) => string;
  readonly names: readonly Name[];
}

export function nameTable<const Rows extends Readonly<Record<string, number>>>(
  rows: Rows,
): NameTable<keyof Rows & string> {
  const byName = new Map<string, number>(Object.entries(rows));
  const byNumber = new Map<number, string>(Object.entries(rows).map(([name, value]) => [value, name]));
  return {
    number: (name) => byName.get(name),
    name: (value) => byNumber.get(value) ?? `?${value}`,
    names: [...byName.keys()] as (keyof Rows & string)[],
  };
}
