/** What a command of tsdrbdsetup declares: words, options, and what it does. */
import type { CliIo } from '@tsdrbd/config';
import type { ControlRequest, EndpointAddress, MetaIndex, OptionValues } from '@tsdrbd/engine/control';
import type { ControlClient } from '@tsdrbd/engine/control/client';
import type { CommandOption } from '../command-line/command-option';

/** Positional words in the usage text's own names. */
export type ArgumentName =
  | 'resource'
  | 'resource-or-all'
  | 'minor'
  | 'peer_node_id'
  | 'volume'
  | 'node_id'
  | 'new_name'
  | 'lower_dev'
  | 'meta_data_dev'
  | 'meta_data_index'
  | 'local-addr'
  | 'remote-addr';

/** The parsed words. Only what the command declares is there: the getters throw a plain Error (a bug) otherwise. */
export interface CommandArguments {
  /** The first word as typed: how messages name the object. */
  readonly objectName: string;
  readonly resource: string;
  /** Null for all. */
  readonly resourceOrAll: string | null;
  readonly minor: number;
  readonly peerNodeId: number;
  readonly volume: number;
  readonly nodeId: number;
  readonly newName: string;
  readonly dataDevice: string;
  readonly metaDevice: string;
  readonly metaIndex: MetaIndex;
  readonly local: EndpointAddress;
  readonly peer: EndpointAddress;
}

export interface CommandContext {
  readonly io: CliIo;
  readonly client: ControlClient;
}

interface CommandBase {
  readonly name: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentName[];
}

/** Changes the engine's configuration or state by one request. */
export interface ConfigureCommand extends CommandBase {
  readonly kind: 'configure';
  readonly options: readonly CommandOption[];
  /** `--set-defaults` is offered. */
  readonly offersSetDefaults?: boolean;
  /** Succeeds at once where there is no engine, as where the module cannot be loaded. Source: setup.md 1.1. */
  readonly doneWithoutEngine?: boolean;
  request(args: CommandArguments, options: OptionValues, setDefaults: boolean): ControlRequest;
}

/** Does what it does on its own, and tells the exit code. */
export interface QueryCommand extends CommandBase {
  readonly kind: 'query';
  readonly options: readonly QueryOption[];
  /** Words beyond the declared ones are not an error. */
  readonly ignoresExcess?: boolean;
  run(context: CommandContext, args: CommandArguments, options: QueryOptions): Promise<number>;
}

export interface QueryOption {
  readonly name: string;
  readonly short?: string;
  readonly value: 'none' | 'optional' | 'required';
}

/** How often given, and the last value. */
export type QueryOptions = ReadonlyMap<string, { readonly count: number; readonly value: string | null }>;

export type SetupCommand = ConfigureCommand | QueryCommand;
