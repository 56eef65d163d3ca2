/** The proxies of a connection that may run here. Source: transcripts of adjust. */
import type { ResolvedConnection } from '@tsdrbd/config';
import { proxiesHere, proxyUpSteps } from '../proxy';
import type { Schedule } from '../schedule';
import type { AdjustRequest } from './adjust-request';

/** Whether a proxy runs is not asked, so that each is set up anew every time, whatever --skip-net says. */
export function planProxies(schedule: Schedule, request: AdjustRequest, connection: ResolvedConnection): void {
  const { name } = request.target.resource;
  for (const proxy of proxiesHere(connection, request.hostName)) {
    schedule.add('net-up', name, 'proxy-up', proxyUpSteps(name, proxy, 'on-the-way'));
  }
}
