/** How much the target asks for in each step of 0.1 s. Source: behaviour.md 7.5. */
import type { PeerDeviceOptions } from '../options';

export const RESYNC_STEP_MS = 100;

export class RateController {
  private plan: number[] = [];
  private planTotal = 0;

  /** Bits to request in this step. `answeredSectors`: since the last step; `inFlightSectors`: asked and not answered. */
  next(options: PeerDeviceOptions, answeredSectors: number, inFlightSectors: number): number {
    const steps = options.cPlanAheadTenths;
    if (steps === 0) return Math.max(1, Math.floor((options.resyncRateKiBs * 0.1) / 4));
    while (this.plan.length < steps) this.plan.push(0);
    while (this.plan.length > steps) this.planTotal -= this.plan.pop() ?? 0;
    const starting = inFlightSectors + answeredSectors === 0;
    const want = starting
      ? options.resyncRateKiBs * 2 * 0.1 * steps
      : options.cFillTargetSectors !== 0
        ? options.cFillTargetSectors
        : answeredSectors * options.cDelayTargetTenths;
    const correction = want - inFlightSectors - this.planTotal;
    const perStep = Math.trunc(correction / steps);
    for (let i = 0; i < this.plan.length; i++) this.plan[i] = (this.plan[i] ?? 0) + perStep;
    this.planTotal += perStep * steps;
    const current = this.plan.shift() ?? 0;
    this.plan.push(0);
    this.planTotal -= current;
    const request = Math.min(Math.max(0, answeredSectors + current), options.cMaxRateKiBs * 2 * 0.1);
    return Math.floor(request / 8);
  }
}
