/** Reserved words of drbd.conf with the numbers that error messages print as `(TK n)`. Source: config.md 2.5. */
const list =
  'global:258 resource:259 on:260 stacked-on-top-of:261 net:262 disk:263 skip:264 syncer:265 startup:266 ' +
  'disable-ip-verification:267 dialog-refresh:268 handlers:270 common:271 address:272 device:273 minor:274 ' +
  'meta-disk:275 flexible-meta-disk:276 node-id:277 minor-count:278 usage-count:283 ask:284 yes:285 no:286 ' +
  '_this_host:287 _remote_host:288 _peer_node_id:289 _cstate:290 _unknown:291 proxy:292 inside:293 outside:294 ' +
  'sci:299 sdp:300 ssocks:301 ipv4:302 ipv6:303 include:305 floating:307 volume:308 cmd-timeout-short:309 ' +
  'cmd-timeout-medium:310 cmd-timeout-long:311 options:312 connection:313 outside-address:314 host:315 port:316 ' +
  'connection-mesh:317 hosts:318 via:319 template-file:320 path:321 udev-always-use-vnr:322 ' +
  'require-drbd-module-version-eq:323 require-drbd-module-version-ne:324 require-drbd-module-version-gt:325 ' +
  'require-drbd-module-version-ge:326 require-drbd-module-version-lt:327 require-drbd-module-version-le:328 ' +
  'tiebreaker:330';

export const keywordNumbers: ReadonlyMap<string, number> = new Map(
  list.split(' ').map((entry) => {
    const [word = '', number = ''] = entry.split(':');
    return [word, Number(number)] as const;
  }),
);
