/**
 * What can be asked of the engine: one kind of request for each drbdsetup command that has an effect.
 * Fields are the command's positional words and flags (setup.md 1.3); an absent flag is off, absent options keep
 * what they are.
 */
import type { EndpointAddress, MetaIndex, OptionValues } from './node-state';

export type ControlRequest =
  | {
      readonly command: 'new-resource';
      readonly resource: string;
      readonly nodeId: number;
      readonly options?: OptionValues;
    }
  | {
      readonly command: 'resource-options';
      readonly resource: string;
      readonly setDefaults?: boolean;
      readonly options?: OptionValues;
    }
  | { readonly command: 'rename-resource'; readonly resource: string; readonly newName: string }
  | { readonly command: 'del-resource'; readonly resource: string }
  | { readonly command: 'down'; readonly resource: string }
  | {
      readonly command: 'new-minor';
      readonly resource: string;
      readonly minor: number;
      readonly volume: number;
      readonly options?: OptionValues;
    }
  | { readonly command: 'del-minor'; readonly minor: number }
  | {
      readonly command: 'attach';
      readonly minor: number;
      readonly dataDevice: string;
      readonly metaDevice: string;
      readonly metaIndex: MetaIndex;
      /** Group DISK, and `size` in sectors. */
      readonly options?: OptionValues;
    }
  | {
      readonly command: 'disk-options';
      readonly minor: number;
      readonly setDefaults?: boolean;
      readonly options?: OptionValues;
    }
  | { readonly command: 'detach'; readonly minor: number; readonly force?: boolean; readonly diskless?: boolean }
  | (PeerAddress & {
      readonly command: 'new-peer';
      /** Group NET, `_name` and `transport` included. */ readonly options?: OptionValues;
    })
  | (PeerAddress & { readonly command: 'net-options'; readonly setDefaults?: boolean; readonly options?: OptionValues })
  | (PeerAddress & { readonly command: 'del-peer'; readonly force?: boolean })
  | (PeerAddress & { readonly command: 'forget-peer' })
  | (PeerAddress & { readonly command: 'new-path'; readonly local: EndpointAddress; readonly peer: EndpointAddress })
  | (PeerAddress & { readonly command: 'del-path'; readonly local: EndpointAddress; readonly peer: EndpointAddress })
  | (PeerAddress & { readonly command: 'connect'; readonly tentative?: boolean; readonly discardMyData?: boolean })
  | (PeerAddress & { readonly command: 'disconnect'; readonly force?: boolean })
  | (PeerDeviceAddress & {
      readonly command: 'peer-device-options';
      readonly setDefaults?: boolean;
      readonly options?: OptionValues;
    })
  | { readonly command: 'primary'; readonly resource: string; readonly force?: boolean }
  | { readonly command: 'secondary'; readonly resource: string; readonly force?: boolean }
  | {
      readonly command: 'invalidate';
      readonly minor: number;
      /** Absent: the engine chooses. */
      readonly syncFromPeerNodeId?: number;
      /** Absent means true. */
      readonly resetBitmap?: boolean;
    }
  | (PeerDeviceAddress & {
      readonly command: 'invalidate-remote';
      /** Absent means true. */ readonly resetBitmap?: boolean;
    })
  | { readonly command: 'outdate'; readonly minor: number }
  | (PeerDeviceAddress & { readonly command: 'verify'; readonly startSector?: number; readonly stopSector?: number })
  | (PeerDeviceAddress & { readonly command: 'pause-sync' })
  | (PeerDeviceAddress & { readonly command: 'resume-sync' })
  | { readonly command: 'suspend-io'; readonly minor: number; /** Absent means true. */ readonly bdevFreeze?: boolean }
  | { readonly command: 'resume-io'; readonly minor: number }
  | {
      readonly command: 'new-current-uuid';
      readonly minor: number;
      readonly clearBitmap?: boolean;
      readonly forceResync?: boolean;
    }
  | {
      readonly command: 'resize';
      readonly minor: number;
      /** Absent or 0: as large as the backing disks allow. */
      readonly sizeSectors?: number;
      readonly assumePeerHasSpace?: boolean;
      readonly assumeClean?: boolean;
      readonly alStripes?: number;
      readonly alStripeSizeKib?: number;
    };

export interface PeerAddress {
  readonly resource: string;
  readonly peerNodeId: number;
}

export interface PeerDeviceAddress extends PeerAddress {
  readonly volume: number;
}

export type ControlCommand = ControlRequest['command'];
export type RequestOf<Command extends ControlCommand> = Extract<ControlRequest, { readonly command: Command }>;
