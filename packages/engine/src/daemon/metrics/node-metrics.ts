/**
 * The node's state as Prometheus metrics, read from one snapshot for every scrape. Names, labels and units
 * follow drbd-reactor's prometheus plugin where it has them, so that dashboards made for it show tsdrbd too.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import {
  promotionOf,
  type ConnectionState,
  type DeviceState,
  type NodeState,
  type PeerDeviceState,
  type ResourceState,
} from '../../control';

const SECTOR_BYTES = 512;

export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}

export async function renderNodeMetrics(state: NodeState): Promise<MetricsText> {
  const registry = new Registry();
  const put = metricsOf(registry);
  put.gauge('drbd_resource_resources', 'Number of resources', {}, state.resources.length);
  for (const resource of state.resources) {
    putResource(put, resource);
    for (const device of resource.devices) putDevice(put, resource, device);
    for (const connection of resource.connections) {
      putConnection(put, resource, connection);
      for (const peerDevice of connection.peerDevices) putPeerDevice(put, resource, connection, peerDevice);
    }
  }
  putProcess(put);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

type Labels = Readonly<Record<string, string>>;

interface Put {
  gauge(name: string, help: string, labels: Labels, value: number | boolean): void;
  counter(name: string, help: string, labels: Labels, value: number): void;
  /** A state by its name: a label called as the metric, and the value 1. */
  state(name: string, help: string, labels: Labels, state: string): void;
}

/** A metric exists from its first value on; all values of one name have the same label names. */
function metricsOf(registry: Registry): Put {
  const gauges = new Map<string, Gauge>();
  const counters = new Map<string, Counter>();
  const configuration = (name: string, help: string, labels: Labels) => ({
    name,
    help,
    labelNames: Object.keys(labels),
    registers: [registry],
  });
  const gauge = (name: string, help: string, labels: Labels, value: number | boolean): void => {
    const known = gauges.get(name) ?? new Gauge(configuration(name, help, labels));
    gauges.set(name, known);
    known.set({ ...labels }, Number(value));
  };
  return {
    gauge,
    counter: (name, help, labels, value) => {
      const known = counters.get(name) ?? new Counter(configuration(name, help, labels));
      counters.set(name, known);
      known.inc({ ...labels }, value);
    },
    state: (name, help, labels, state) => gauge(name, help, { ...labels, [name]: state }, 1),
  };
}

function putResource(put: Put, resource: ResourceState): void {
  const labels = { name: resource.name };
  const promotion = promotionOf(resource);
  const { suspended } = resource;
  put.state('drbd_resource_role', 'Role of this node', labels, resource.role);
  put.gauge(
    'drbd_resource_suspended',
    'Boolean whether I/O is suspended',
    labels,
    suspended.user || suspended.noData || suspended.fencing || suspended.quorum,
  );
  put.gauge('drbd_resource_maypromote', 'Boolean whether promotion is possible', labels, promotion.mayPromote);
  put.gauge('drbd_resource_promotionscore', 'How good a place for promotion this is', labels, promotion.score);
}

function putDevice(put: Put, resource: ResourceState, device: DeviceState): void {
  const labels = { name: resource.name, volume: String(device.volume), minor: String(device.minor) };
  const { statistics } = device;
  put.state('drbd_device_diskstate', 'State of the local disk', labels, device.diskState);
  put.gauge('drbd_device_quorum', 'Boolean whether this device has quorum', labels, device.quorum);
  put.gauge('drbd_device_open', 'Boolean whether an application has it open', labels, device.open === 'yes');
  put.gauge('drbd_device_size_bytes', 'Size in bytes', labels, statistics.sizeSectors * SECTOR_BYTES);
  put.counter(
    'drbd_device_read_bytes_total',
    'Bytes read from the local disk',
    labels,
    statistics.readSectors * SECTOR_BYTES,
  );
  put.counter(
    'drbd_device_written_bytes_total',
    'Bytes written to the local disk',
    labels,
    statistics.writtenSectors * SECTOR_BYTES,
  );
  put.counter('drbd_device_alwrites_total', 'Activity-log transactions written', labels, statistics.alWriteCount);
  put.counter('drbd_device_bmwrites_total', 'Bitmap blocks written', labels, statistics.bmWriteCount);
  put.gauge('drbd_device_upperpending', 'Requests of applications under way', labels, statistics.upperPendingCount);
  put.gauge('drbd_device_lowerpending', 'Requests to the local disk under way', labels, statistics.lowerPendingCount);
  put.gauge('drbd_device_alsuspended', 'Boolean whether the activity log is suspended', labels, statistics.alSuspended);
}

function putConnection(put: Put, resource: ResourceState, connection: ConnectionState): void {
  const labels = connectionLabels(resource, connection);
  put.state('drbd_connection_state', 'State of the connection', labels, connection.connectionState);
  put.gauge('drbd_connection_congested', 'Boolean whether it is congested', labels, connection.congested);
  put.gauge(
    'drbd_connection_apinflight_bytes',
    'Bytes of applications sent and not acknowledged',
    labels,
    connection.apInFlightSectors * SECTOR_BYTES,
  );
  put.gauge(
    'drbd_connection_rsinflight_bytes',
    'Bytes of resync sent and not acknowledged',
    labels,
    connection.rsInFlightSectors * SECTOR_BYTES,
  );
}

function putPeerDevice(
  put: Put,
  resource: ResourceState,
  connection: ConnectionState,
  peerDevice: PeerDeviceState,
): void {
  const labels = { ...connectionLabels(resource, connection), volume: String(peerDevice.volume) };
  const { statistics } = peerDevice;
  put.state('drbd_peerdevice_replicationstate', 'What is replicated', labels, peerDevice.replicationState);
  put.state('drbd_peerdevice_diskstate', "State of the peer's disk", labels, peerDevice.peerDiskState);
  put.gauge(
    'drbd_peerdevice_outofsync_bytes',
    'Bytes that may differ',
    labels,
    statistics.outOfSyncSectors * SECTOR_BYTES,
  );
  put.counter(
    'drbd_peerdevice_received_bytes_total',
    'Bytes of data received from the peer',
    labels,
    statistics.receivedSectors * SECTOR_BYTES,
  );
  put.counter(
    'drbd_peerdevice_sent_bytes_total',
    'Bytes of data sent to the peer',
    labels,
    statistics.sentSectors * SECTOR_BYTES,
  );
  put.gauge('drbd_peerdevice_pending', 'Requests sent and not answered', labels, statistics.pendingCount);
  put.gauge('drbd_peerdevice_unacked', 'Requests received and not answered', labels, statistics.unackedCount);
}

function connectionLabels(resource: ResourceState, connection: ConnectionState): Labels {
  return { name: resource.name, conn_name: connection.name, peer_node_id: String(connection.peerNodeId) };
}

/** Named as every Prometheus client names them. */
function putProcess(put: Put): void {
  const { user, system } = process.cpuUsage();
  put.counter('process_cpu_seconds_total', 'CPU time of the engine in seconds', {}, (user + system) / 1e6);
  put.gauge('process_resident_memory_bytes', 'Resident memory of the engine in bytes', {}, process.memoryUsage.rss());
  put.gauge(
    'process_start_time_seconds',
    'When the engine was started, in seconds since 1970',
    {},
    Math.round(performance.timeOrigin / 1000),
  );
}
