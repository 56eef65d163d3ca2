/**
 * Completes a parsed configuration: volumes, connections, node ids, this host. The phases run over all resources, one
 * after the other, so that messages come in DRBD's order. Source: config.md 7.3.
 */
import type { ResourceSection } from '../model';
import { isValid, report, type ParseRun } from '../parser/parse-run';
import { checkAddressConflicts } from './address-conflicts';
import { checkEndpointCounts, createConnections, markIgnoredConnections, resolveEndpoints } from './connections';
import { findMe } from './me';
import { assignNodeIds } from './node-ids';
import { impliedConnections } from './implied-connections';
import { completeStackedDisks, completeStackedHosts } from './stacked';
import { completeVolumes } from './volumes';

export function postParse(run: ParseRun): void {
  const { resources } = run.configuration;
  const stacked = resources.filter(({ hosts }) => hosts.some(({ kind }) => kind === 'stacked'));
  for (const resource of resources) completeVolumes(run, resource);
  for (const resource of stacked) completeStackedHosts(run, resource);
  for (const resource of resources) {
    checkEndpointCounts(run, resource);
    if (isValid(run)) completeConnections(run, resource);
  }
  if (isValid(run)) checkAddressConflicts(run, resources);
  findMe(run, stacked);
  for (const resource of stacked) completeStackedDisks(run, resource);
  for (const resource of resources) checkConnectionVolumes(run, resource);
  for (const resource of resources) if (resource.implied === undefined) markIgnoredConnections(resource);
}

function completeConnections(run: ParseRun, resource: ResourceSection): void {
  resource.implied = impliedConnections(run, resource);
  if (resource.implied !== undefined) return;
  createConnections(run, resource);
  resolveEndpoints(run, resource);
  assignNodeIds(run, resource);
}

function checkConnectionVolumes(run: ParseRun, resource: ResourceSection): void {
  if (resource.implied !== undefined) return;
  for (const connection of resource.unsettledConnections) {
    for (const { vnr, position } of connection.peerDevices) {
      for (const endpoint of connection.paths[0]?.endpoints ?? []) {
        const { host } = endpoint;
        if (host === undefined || host.volumes.some((volume) => volume.vnr === vnr)) continue;
        report(
          run,
          'late',
          `${position.file}:${position.line}: Resource ${resource.name}: There is a reference to a volume ${vnr} ` +
            `that is not known in this resource on host ${host.names[0]}`,
        );
      }
    }
  }
}
