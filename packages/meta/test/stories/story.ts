/** What a recorded story looks like; see packages/meta/test/golden/README.md. */
export interface Story {
  readonly name: string;
  readonly what: string;
  readonly images: Readonly<Record<string, StoryImage>>;
  readonly steps: readonly StoryStep[];
}

export interface StoryImage {
  readonly size: number;
  readonly kind: 'loop' | 'file';
}

export type StoryStep =
  | { readonly poke: string; readonly offset: number; readonly hex: string; readonly repeat?: number }
  | { readonly resize: string; readonly size: number }
  | { readonly file: string; readonly text: string }
  | { readonly save: string }
  | { readonly edit: string; readonly from: string; readonly to: string }
  | RunStep;

export interface RunStep {
  readonly run: readonly string[];
  /** Typed on a terminal. */
  readonly tty?: string;
  /** A file that is stdin. */
  readonly stdin?: string;
  /** What `drbdsetup dstate` says. */
  readonly attached?: string;
  readonly mask?: readonly (readonly [image: string, offset: number, length: number])[];
  readonly binary?: boolean;
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lkbd: string | null;
  readonly images: readonly { readonly image: string; readonly size: number; readonly blocks: string }[];
}
