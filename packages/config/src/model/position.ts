/** Where a statement stands. `line` counts from 1; 0 marks something that stands nowhere (an implicit connection). */
export interface Position {
  /** The file by its canonical absolute path, or `STDIN`. */
  readonly file: string;
  /** The file by the name it was opened with; syntax errors print this one. */
  readonly openedAs: string;
  readonly line: number;
}

export const NOWHERE: Position = { file: '', openedAs: '', line: 0 };
