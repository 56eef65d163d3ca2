/** How configuration files are reached; tests keep them in memory. */
export interface ConfigReader {
  /** The file's text, or why it cannot be had. */
  readFile(path: string): ReadResult;
  /** Names that match, sorted, as the pattern would write them; a relative pattern starts at `directory`. */
  glob(pattern: string, directory: string): readonly string[];
  /** Canonical path; the path itself if it does not exist. */
  realpath(path: string): string;
}

export type ReadResult =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'unreadable'; readonly reason: string };
