/** What the event stream carries. One line of it is one batch: everything that one state change altered. */
import type { HelperCall } from '../control-backend';
import type { ControlObject } from './object';

export type ObjectEvent =
  | { readonly kind: 'exists'; readonly object: ControlObject }
  /** The dump with which every stream begins is complete. */
  | { readonly kind: 'exists-end' }
  | { readonly kind: 'create'; readonly object: ControlObject }
  | { readonly kind: 'change'; readonly before: ControlObject; readonly after: ControlObject }
  | { readonly kind: 'destroy'; readonly object: ControlObject }
  | { readonly kind: 'rename'; readonly resourceName: string; readonly newName: string }
  | { readonly kind: 'helper-call'; readonly call: HelperCall }
  | { readonly kind: 'helper-response'; readonly call: HelperCall; readonly status: number };

export interface EventBatch {
  /** When the daemon learned of it: milliseconds since 1970, with a fraction. */
  readonly atMs: number;
  readonly events: readonly ObjectEvent[];
  /** Only in a last, empty batch: events after this were lost to this reader, for the reason given. */
  readonly cutOff?: string;
}
