export type AddressFamily = 'ipv4' | 'ipv6' | 'sdp' | 'ssocks';

/** A network address as written; the port keeps its text, since drbdadm passes it on unchanged. */
export interface Address {
  readonly family: AddressFamily;
  /** Without brackets. */
  readonly address: string;
  readonly port: string;
}

/** `10.0.0.1:7000`, or `[fd00::1]:7000`. */
export function formatEndpoint(address: Address): string {
  return address.family === 'ipv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

/** `ipv4:10.0.0.1:7000`: the form of drbdsetup's command line. */
export function formatSetupAddress(address: Address): string {
  return `${address.family}:${formatEndpoint(address)}`;
}

export function isLoopback(address: Address): boolean {
  return address.family === 'ipv6' ? address.address === '::1' : address.address.startsWith('127.');
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.address === b.address && a.port === b.port;
}
