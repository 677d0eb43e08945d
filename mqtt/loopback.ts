/** 127.0.0.0/8, also as an IPv4-mapped address, in the form in which URL writes it. */
const LOOPBACK_4 = /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
const MAPPED_LOOPBACK_4 = /^\[::ffff:7f[\da-f]{2}:[\da-f]{1,4}\]$/;

/**
 * Whether only programs of this machine reach what listens on `address`. Used in the browser too: so it asks nothing of
 * Node, and no name server; of names only `localhost` is known.
 */
export function isLoopback(address: string): boolean {
  if (address === 'localhost' || LOOPBACK_4.test(address)) return true;
  const canonical = canonicalIpv6(address);
  return canonical === '[::1]' || MAPPED_LOOPBACK_4.test(canonical);
}

/** In brackets; blank where it is no IPv6 address. */
function canonicalIpv6(address: string): string {
  try {
    return address.includes(':') ? new URL(`http://[${address}]`).hostname : '';
  } catch {
    return '';
  }
}
