/** Native modules: they find their binary beside themselves, so bundles leave them outside and load them where they lie. */
export const EXTERNAL = ['koffi', '@node-rs/crc32'];
