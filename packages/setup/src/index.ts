export { runDirOf } from '@tsdrbd/engine/control';
export { run } from './run';
export { renderStatus } from './render/status-text';
export { renderStatusJson } from './render/status-json';
export { renderShow } from './render/show-text';
export { renderShowJson } from './render/show-json';
export { paint } from './render/color';
