/** drbd.conf of a resource whose two nodes are in one guest. Volume 0 of alice is on /dev/vda, of bob on /dev/vdb. */
export function resourceConfig(name: string, minor: number): string {
  const node = (host: string, id: number, disk: string): string =>
    `  on ${host} { node-id ${id}; address 127.0.0.1:780${id}; device minor ${minor}; disk ${disk}; meta-disk internal; }`;
  return [
    'global { usage-count no; }',
    `resource ${name} {`,
    // Emulated, an answer to a ping can take long.
    '  net { protocol C; ping-timeout 100; timeout 300; ping-int 60; connect-int 31; }',
    '  disk { c-plan-ahead 0; resync-rate 400M; }',
    node('alice', 0, '/dev/vda'),
    node('bob', 1, '/dev/vdb'),
    '}',
    '',
  ].join('\n');
}
