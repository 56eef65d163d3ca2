/**
 * Two names mean the same host if they are equal, or, unless both have a domain, if their first labels are; letter
 * case never counts. Source: config.md 5.1.
 */
export function isSameHost(a: string, b: string): boolean {
  if (a === b) return true;
  // Most pairs are names of different hosts without domains, and most of those differ in length.
  if (a.length !== b.length && !a.includes('.') && !b.includes('.')) return false;
  const withDomains = a.includes('.') && b.includes('.');
  const left = (withDomains ? a : firstLabel(a)).toLowerCase();
  return left === (withDomains ? b : firstLabel(b)).toLowerCase();
}

function firstLabel(name: string): string {
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}
