/** `dump-xml`: the configuration for programs. Source: config.md 8.3. */
import {
  defaultGlobalSettings,
  type Address,
  type Configuration,
  type ConnectionSection,
  type EndpointSection,
  type HostSection,
  type OptionSections,
  type OptionSetting,
  type ProxySection,
  type ResourceSection,
  type VolumeSection,
} from '../model';
import type { DumpDetail } from './dump';
import { element, escapeXml, XmlLines } from './xml-lines';

export function dumpConfigurationXml(configuration: Configuration, detail: DumpDetail): string {
  const out = new XmlLines();
  out.block(`config file="${escapeXml(configuration.file)}"`, () => {
    writeGlobal(out, configuration);
    const { common } = configuration;
    if (common !== undefined) out.block('common', () => writeSections(out, common));
    for (const resource of configuration.resources) writeResource(out, resource, detail);
  });
  return out.text;
}

/** One resource, as `dump-xml NAME` prints it: without the elements around it. */
export function dumpResourceXml(resource: ResourceSection, detail: DumpDetail): string {
  const out = new XmlLines();
  writeResource(out, resource, detail);
  return out.text;
}

function writeGlobal(out: XmlLines, { global }: Configuration): void {
  const usual = defaultGlobalSettings();
  const lines: string[] = [];
  if (global.disableIpVerification) lines.push('<disable-ip-verification/>');
  if (global.minorCount !== usual.minorCount) lines.push(`<minor-count count="${global.minorCount}"/>`);
  if (global.dialogRefresh !== usual.dialogRefresh) lines.push(`<dialog-refresh refresh="${global.dialogRefresh}"/>`);
  if (lines.length > 0) out.block('global', () => lines.forEach((line) => out.line(line)));
}

function writeResource(out: XmlLines, resource: ResourceSection, detail: DumpDetail): void {
  const { file, line } = resource.position;
  out.block(`resource name="${escapeXml(resource.name)}" conf-file-line="${escapeXml(file)}:${line}"`, () => {
    // The original leaves this element open, and so do the programs that read it.
    if (resource.templateFile !== undefined) out.line(`<template file="${escapeXml(resource.templateFile)}">`);
    for (const host of resource.hosts) writeHost(out, host);
    for (const connection of resource.connections) writeConnection(out, connection, detail);
    writeSections(out, resource);
  });
}

function writeSections(out: XmlLines, sections: OptionSections): void {
  writeOptions(out, 'options', sections.resource);
  writeOptions(out, 'net', sections.net);
  writeOptions(out, 'disk', [...sections.device, ...sections.disk, ...sections.peerDevice]);
  const flags = sections.stackedTimeouts ? [{ name: 'stacked-timeouts', value: undefined, inherited: false }] : [];
  writeOptions(out, 'startup', [...sections.startup, ...flags]);
  const { options, plugins } = sections.proxy;
  if (options.length + plugins.length > 0) {
    out.block('section name="proxy"', () => {
      options.forEach((option) => writeOption(out, option));
      writeOptions(out, 'plugin', plugins);
    });
  }
  writeOptions(out, 'handlers', sections.handlers);
}

function writeOptions(out: XmlLines, name: string, options: readonly OptionSetting[]): void {
  if (options.length === 0) return;
  out.block(`section name="${name}"`, () => options.forEach((option) => writeOption(out, option)));
}

function writeOption(out: XmlLines, { name, value }: OptionSetting): void {
  out.line(`<option name="${escapeXml(name)}"${value === undefined ? '' : ` value="${escapeXml(value)}"`}/>`);
}

function writeHost(out: XmlLines, host: HostSection): void {
  const open = host.kind === 'floating' ? 'host floating="1"' : `host name="${host.names.join(' ')}"`;
  out.block(open, () => {
    writeOptions(out, 'options', host.options);
    for (const volume of host.volumes) writeVolume(out, volume);
    out.line(addressElement('address', host.address));
  });
}

function writeVolume(out: XmlLines, volume: VolumeSection): void {
  out.block(`volume vnr="${volume.vnr}"`, () => {
    writeOptions(out, 'disk', [...volume.deviceOptions, ...volume.diskOptions, ...volume.peerDeviceOptions]);
    out.line(element(`device minor="${volume.minor}"`, escapeXml(volume.device ?? '')));
    out.line(element('disk', escapeXml(volume.disk ?? '')));
    const { metaDisk } = volume;
    if (volume.disk === undefined || metaDisk === undefined) return;
    switch (metaDisk.kind) {
      case 'internal':
        out.line(element('meta-disk', 'internal'));
        return;
      case 'flexible':
        out.line(element('meta-disk', escapeXml(metaDisk.device)));
        return;
      case 'indexed':
        out.line(element(`meta-disk index="${metaDisk.index}"`, escapeXml(metaDisk.device)));
        return;
    }
  });
}

function writeConnection(out: XmlLines, connection: ConnectionSection, detail: DumpDetail): void {
  out.block('connection', () => {
    const implicit = connection.paths.find((path) => path.implicit);
    if (implicit !== undefined && detail === 'written') {
      for (const endpoint of implicit.endpoints) writeEndpoint(out, endpoint);
    } else {
      for (const { endpoints } of connection.paths) {
        out.block('path', () => endpoints.forEach((endpoint) => writeEndpoint(out, endpoint)));
      }
    }
    writeOptions(out, 'net', connection.netOptions);
    writeOptions(out, 'disk', connection.peerDeviceOptions);
    for (const { vnr, options, written } of connection.peerDevices) {
      if (detail === 'written' && (!written || options.length === 0)) continue;
      out.block(`volume vnr="${vnr}"`, () => writeOptions(out, 'disk', options));
    }
  });
}

function writeEndpoint(out: XmlLines, endpoint: EndpointSection): void {
  const open = `host name="${endpoint.name ?? endpoint.host?.names.join('_') ?? ''}"`;
  const address = addressElement('address', endpoint.resolvedAddress);
  const { proxy } = endpoint;
  if (proxy === undefined) {
    out.line(element(open, address));
    return;
  }
  out.block(open, () => {
    out.line(address);
    writeProxy(out, proxy);
  });
}

function writeProxy(out: XmlLines, proxy: ProxySection): void {
  out.block(`proxy hostname="${proxy.hosts.join(' ')}"`, () => {
    out.line(addressElement('inside', proxy.inside));
    out.line(addressElement('outside', proxy.outside));
    writeOptions(out, 'options', [...proxy.options, ...proxy.plugins]);
  });
}

/** A section without an address prints what C makes of a null pointer: programs know it that way. */
function addressElement(tag: string, address: Address | undefined): string {
  const { family, port, address: host } = address ?? { family: '(null)', port: '(null)', address: '(null)' };
  return element(`${tag} family="${family}" port="${port}"`, host);
}
