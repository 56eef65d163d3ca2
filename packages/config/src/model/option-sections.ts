import type { ProxyOptions } from './host';
import type { OptionList } from './option-list';

/** What `common`, a template-file and a resource have in common. */
export interface OptionSections {
  net: OptionList;
  disk: OptionList;
  peerDevice: OptionList;
  device: OptionList;
  resource: OptionList;
  startup: OptionList;
  handlers: OptionList;
  proxy: ProxyOptions;
  stackedTimeouts: boolean;
}
