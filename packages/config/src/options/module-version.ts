/**
 * The version of the module that the engine stands for: that of the DRBD which came with the drbd-utils we follow. Scripts
 * ask for it (Pacemaker's agent does nothing on a node without a module), and so do require-drbd-module-version-*.
 */
export const MODULE_VERSION = '9.3.3';
