/**
 * What the control server needs from the engine: the daemon implements it over the core, tests with a small double.
 */
import type { NodeState, ResourceState } from './schema/node-state';
import type { ControlRequest } from './schema/request';

export interface ControlReply {
  /** ERR_* (101: success, 102 and up: failure) or SS_* (1 to 4: success, below 1: refused); names in `reply-codes`. */
  readonly code: number;
  /** Info texts, printed under "additional info from kernel:" or, after success, "warnings from kernel:". */
  readonly messages: readonly string[];
}

export interface ControlBackend {
  /**
   * Carries out one request. Refusals are replies, not exceptions: a rejection is a bug of the backend, and is reported
   * to the caller as such.
   */
  execute(request: ControlRequest): Promise<ControlReply>;
  /** The state now. The value must not change afterwards. */
  snapshot(): NodeState;
  /**
   * Tells of every change, each with the state right after it, so that no state in between is lost: all that one state
   * change alters at once belongs into one event. Returns the function that ends the subscription.
   */
  subscribe(listener: (event: ControlEvent) => void): () => void;
}

export type ControlEvent =
  /** A resource appeared, or something in it changed. */
  | { readonly kind: 'changed'; readonly resource: ResourceState }
  | { readonly kind: 'removed'; readonly resourceName: string }
  | { readonly kind: 'renamed'; readonly resourceName: string; readonly newName: string }
  | { readonly kind: 'helper-call'; readonly call: HelperCall }
  /** `status`: raw wait status, that is exit code times 256, or the signal number. */
  | { readonly kind: 'helper-response'; readonly call: HelperCall; readonly status: number };

/** A handler and the object it runs for. Which fields are there depends on the handler: setup.md 5.5. */
export interface HelperCall {
  readonly helper: string;
  readonly resourceName: string;
  readonly peerNodeId?: number;
  readonly connectionName?: string;
  readonly volume?: number;
  readonly minor?: number;
}
