/** `dump`: the configuration in its normal form. Source: config.md 8.1. */
import {
  defaultGlobalSettings,
  isIgnored,
  isStacked,
  type Configuration,
  type ConnectionSection,
  type EndpointSection,
  type HostSection,
  type OptionList,
  type OptionSections,
  type OptionSetting,
  type ProxyOptions,
  type ProxySection,
  type ResourceSection,
  type VolumeSection,
} from '../model';
import { quote } from './quote';
import { addressColumns, pathColumns, TextLines } from './text-lines';

/**
 * `written`: what stands in the file; `expanded`: with what implicit connections, inherited volumes and defaults come
 * to (`-v`; the configuration must be expanded already).
 */
export type DumpDetail = 'written' | 'expanded';

export interface DumpOptions {
  readonly detail: DumpDetail;
  readonly nodeName: string;
}

/** The whole configuration: the file name, global, common and all resources. */
export function dumpConfiguration(configuration: Configuration, options: DumpOptions): string {
  const out = new TextLines();
  out.line(`# ${configuration.file}`);
  dumpGlobal(out, configuration, options.detail);
  if (configuration.common !== undefined) {
    const { common } = configuration;
    out.open('common');
    dumpSections(out, common);
    out.close();
    out.line('');
  }
  for (const resource of configuration.resources) writeResource(out, resource, options);
  return out.text;
}

/** One resource, as `dump NAME` prints it. */
export function dumpResource(resource: ResourceSection, options: DumpOptions): string {
  const out = new TextLines();
  writeResource(out, resource, options);
  return out.text;
}

function dumpGlobal(out: TextLines, { global }: Configuration, detail: DumpDetail): void {
  const lines: string[] = [];
  const usual = defaultGlobalSettings();
  if (global.disableIpVerification) lines.push('disable-ip-verification;');
  if (global.minorCount !== usual.minorCount) lines.push(`minor-count ${global.minorCount};`);
  if (global.dialogRefresh !== usual.dialogRefresh) lines.push(`dialog-refresh ${global.dialogRefresh};`);
  if (global.usageCount !== usual.usageCount) lines.push(`usage-count ${global.usageCount};`);
  if (lines.length === 0 && detail === 'written') return;
  out.open('global');
  for (const line of lines) out.line(line);
  out.close();
  out.line('');
}

function writeResource(out: TextLines, resource: ResourceSection, { detail, nodeName }: DumpOptions): void {
  const { file, line } = resource.position;
  const ignored = isIgnored(resource) ? 'ignored' : 'not ignored';
  const stacked = isStacked(resource) ? 'stacked' : 'not stacked';
  out.line(`# resource ${quote(resource.name)} on ${nodeName}: ${ignored}, ${stacked}`);
  out.line(`# defined at ${file}:${line}`);
  out.open(`resource ${quote(resource.name)}`);
  if (resource.templateFile !== undefined) out.line(`template-file ${quote(resource.templateFile)};`);
  if (detail === 'written') {
    const place = isStacked(resource) ? 'stacked-resource' : 'resource';
    for (const volume of resource.volumes) dumpVolume(out, volume, detail, place);
  }
  for (const host of resource.hosts) dumpHost(out, host, detail);
  if (detail === 'expanded' || resource.implied === undefined) {
    for (const connection of resource.connections) dumpConnection(out, connection, detail);
  }
  if (detail === 'written') dumpMeshes(out, resource);
  dumpSections(out, resource);
  out.close();
  out.line('');
}

function dumpSections(out: TextLines, sections: OptionSections): void {
  dumpOptions(out, 'options', sections.resource);
  dumpOptions(out, 'net', sections.net);
  dumpOptions(out, 'disk', joined(sections.device, sections.disk, sections.peerDevice));
  dumpOptions(out, 'startup', sections.stackedTimeouts ? [...sections.startup, STACKED_TIMEOUTS] : sections.startup);
  dumpProxyOptions(out, 'proxy', sections.proxy);
  dumpOptions(out, 'handlers', sections.handlers);
}

const STACKED_TIMEOUTS: OptionSetting = { name: 'stacked-timeouts', value: undefined, inherited: false };

/** One list of three, of which mostly all are empty. */
function joined(a: OptionList, b: OptionList, c: OptionList): OptionList {
  return a.length + b.length + c.length === 0 ? a : [...a, ...b, ...c];
}

function dumpOptions(out: TextLines, head: string, options: readonly OptionSetting[]): void {
  if (options.length === 0) return;
  out.open(head);
  writeOptions(out, options);
  out.close();
}

function writeOptions(out: TextLines, options: readonly OptionSetting[]): void {
  for (const { name, value } of options) {
    if (value === undefined) out.line(`${name};`);
    else out.setting(name, quote(value));
  }
}

function dumpProxyOptions(out: TextLines, head: string, { options, plugins }: ProxyOptions): void {
  if (options.length + plugins.length === 0) return;
  out.open(head);
  writeOptions(out, options);
  dumpOptions(out, 'plugin', plugins);
  out.close();
}

const NONE: readonly VolumeSection[] = [];

function dumpHost(out: TextLines, host: HostSection, detail: DumpDetail): void {
  out.open(hostHead(host));
  if (host.kind === 'stacked') out.line(`# on ${host.names.join(' ')} `);
  if (host.nodeId !== undefined) out.line(`node-id ${host.nodeId};`);
  dumpOptions(out, 'options', host.options);
  // Volumes that hosts share are written elsewhere.
  const volumes = detail === 'written' && host.sharesVolumes ? NONE : host.volumes;
  for (const volume of volumes) {
    if (host.kind === 'stacked') dumpStackedVolume(out, volume, detail);
    else dumpVolume(out, volume, detail, 'host');
  }
  if (host.address !== undefined && host.kind !== 'floating') {
    out.line(`${addressColumns('address', host.address)};`);
  }
  if (host.proxy !== undefined && detail === 'written') {
    out.open(proxyHead(host.proxy));
    dumpProxy(out, host.proxy);
    out.close();
  }
  out.close();
}

function hostHead(host: HostSection): string {
  switch (host.kind) {
    case 'floating':
      return host.address === undefined ? 'floating' : addressColumns('floating', host.address);
    case 'stacked':
      return `stacked-on-top-of ${quote(host.lower ?? '')}`;
    case 'on':
    case 'this':
      return `on ${host.names.join(' ')}`;
  }
}

/** Of a stacked volume only the device is shown, and that only in detail. */
function dumpStackedVolume(out: TextLines, volume: VolumeSection, detail: DumpDetail): void {
  if (detail === 'written') return;
  openVolume(out, volume);
  dumpVolumeOptions(out, volume);
  dumpDevice(out, volume, detail);
  closeVolume(out, volume);
}

/**
 * Where a volume is written. A resource that is stacked on this host shows nothing of the disks that its volumes have
 * on other hosts; a volume that has no disk on its host shows no metadata there. Source: drbdadm 9.22, observed.
 */
type VolumePlace = 'resource' | 'stacked-resource' | 'host';

function dumpVolume(out: TextLines, volume: VolumeSection, detail: DumpDetail, place: VolumePlace): void {
  const { written } = volume;
  const everything = detail === 'expanded';
  if (!everything && written.device === undefined && written.disk === undefined && written.metaDisk === undefined)
    return;
  openVolume(out, volume);
  dumpVolumeOptions(out, volume);
  if (everything || written.device !== undefined) dumpDevice(out, volume, detail);
  const showsDisk = place !== 'stacked-resource';
  if (showsDisk && (everything || written.disk !== undefined)) out.setting('disk', quote(volume.disk ?? 'none'));
  const hasMetaDisk = showsDisk && (place === 'resource' || volume.disk !== undefined);
  const metaDisk = hasMetaDisk ? volume.metaDisk : undefined;
  if (metaDisk !== undefined && (everything || written.metaDisk !== undefined)) dumpMetaDisk(out, metaDisk);
  if (volume.tiebreaker !== undefined) out.setting('tiebreaker', volume.tiebreaker ? 'yes' : 'no');
  closeVolume(out, volume);
}

/** Implicit volumes stand in no block. */
function openVolume(out: TextLines, { implicit, vnr }: VolumeSection): void {
  if (!implicit) out.open(`volume ${vnr}`);
}

function closeVolume(out: TextLines, { implicit }: VolumeSection): void {
  if (!implicit) out.close();
}

function dumpVolumeOptions(out: TextLines, volume: VolumeSection): void {
  dumpOptions(out, 'disk', joined(volume.deviceOptions, volume.diskOptions, volume.peerDeviceOptions));
}

function dumpDevice(out: TextLines, { device, minor }: VolumeSection, detail: DumpDetail): void {
  const name = device ?? (detail === 'expanded' ? `/dev/drbd${minor}` : undefined);
  out.device(`${name === undefined ? '' : `${quote(name)} `}minor ${minor}`);
}

function dumpMetaDisk(out: TextLines, metaDisk: NonNullable<VolumeSection['metaDisk']>): void {
  switch (metaDisk.kind) {
    case 'internal':
      out.setting('meta-disk', 'internal');
      return;
    case 'flexible':
      out.line(`${pathColumns('meta-disk', quote(metaDisk.device))};`);
      return;
    case 'indexed':
      out.line(`${pathColumns('meta-disk', quote(metaDisk.device))} [${metaDisk.index}];`);
      return;
  }
}

function dumpConnection(out: TextLines, connection: ConnectionSection, detail: DumpDetail): void {
  if (detail === 'written' && connection.origin !== 'written') return;
  out.open('connection');
  const implicit = connection.paths.find((path) => path.implicit);
  if (implicit !== undefined && detail === 'written') {
    for (const endpoint of implicit.endpoints) dumpEndpoint(out, endpoint, detail);
  } else {
    for (const { endpoints } of connection.paths) {
      out.open('path');
      for (const endpoint of endpoints) dumpEndpoint(out, endpoint, detail);
      out.close();
    }
  }
  dumpOptions(out, 'net', connection.netOptions);
  dumpOptions(out, 'disk', connection.peerDeviceOptions);
  for (const { vnr, options, written } of connection.peerDevices) {
    if (detail === 'written' && (!written || options.length === 0)) continue;
    out.open(`volume ${vnr}`);
    dumpOptions(out, 'disk', options);
    out.close();
  }
  out.close();
}

function dumpEndpoint(out: TextLines, endpoint: EndpointSection, detail: DumpDetail): void {
  const { name, host, proxy, outsideAddress } = endpoint;
  const address = detail === 'expanded' ? endpoint.resolvedAddress : endpoint.address;
  if (name === undefined && address !== undefined) {
    out.line(`${addressColumns('address', address)}; # on ${(host?.names ?? []).join('_')}`);
    out.raw(';');
    return;
  }
  const port = endpoint.port === undefined ? '' : ` port ${endpoint.port}`;
  const location = address === undefined ? port : `${out.blanks}${addressColumns(' address', address)}`;
  if (proxy !== undefined) {
    out.open(`host ${name}${location}${out.blanks} via ${proxyHead(proxy)}`);
    dumpProxy(out, proxy);
    out.close();
  } else if (outsideAddress !== undefined) {
    out.line(`host ${name}${location}${out.blanks}${addressColumns(' via outside-address', outsideAddress)};`);
  } else {
    out.line(`host ${name}${location};`);
  }
}

function proxyHead(proxy: ProxySection): string {
  return `proxy on ${proxy.hosts.join(' ')}`;
}

function dumpProxy(out: TextLines, proxy: ProxySection): void {
  if (proxy.inside !== undefined) out.line(`${addressColumns('inside', proxy.inside)};`);
  if (proxy.outside !== undefined) out.line(`${addressColumns('outside', proxy.outside)};`);
  dumpProxyOptions(out, 'options', proxy);
}

function dumpMeshes(out: TextLines, resource: ResourceSection): void {
  for (const mesh of resource.meshes) {
    out.open('connection-mesh');
    if (mesh.hosts.length > 0) out.line(`hosts ${mesh.hosts.join(' ')};`);
    dumpOptions(out, 'net', mesh.netOptions);
    out.close();
  }
}
