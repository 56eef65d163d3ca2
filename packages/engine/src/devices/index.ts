export { BlockDevices } from './block-devices';
export { FRONTENDS, chooseFrontend, probeHost, type FrontendChoice, type FrontendSetting } from './choose-frontend';
export { DeviceNodes } from './device-nodes';
export type { DeviceVolume } from './device-volume';
export { diskGroupId } from './disk-group';
export type { DeviceFrontend } from './frontend';
export { deviceSystemCalls } from './system-calls';
export { NbdFrontend } from './nbd/nbd-frontend';
export { LoopFrontend } from './loop/loop-frontend';
