/** The command that a mistyped word probably means. drbdadm has no such hint: it is given under the own name only. */

const DISTANCE_MAX = 2;

/** The nearest name, unless none is near or several are equally near. */
export function suggestion(word: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, distance: editDistance(word, name) }))
    .filter(({ name, distance }) => distance <= Math.min(DISTANCE_MAX, Math.floor(name.length / 2)))
    .sort((left, right) => left.distance - right.distance);
  const [best, second] = near;
  return best !== undefined && best.distance !== second?.distance ? best.name : undefined;
}

/** How many letters have to be put in, left out, changed, or swapped with the next one. */
function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= left.length; row += 1) {
    const distances = [row];
    rows.push(distances);
    for (let column = 1; column <= right.length; column += 1) {
      const [a, b] = [left[row - 1], right[column - 1]];
      const isSwap = row > 1 && column > 1 && a === right[column - 2] && left[row - 2] === b;
      distances.push(
        Math.min(
          at(row - 1, column) + 1,
          at(row, column - 1) + 1,
          at(row - 1, column - 1) + (a === b ? 0 : 1),
          isSwap ? at(row - 2, column - 2) + 1 : Infinity,
        ),
      );
    }
  }
  return at(left.length, right.length);
}
