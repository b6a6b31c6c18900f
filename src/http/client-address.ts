import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
/** 10,000 headers of at most 200 characters: some megabytes, whoever sends what. */
const ADDRESSES_KEPT = 10_000;
const LONGEST_KEPT = 200;

export type Cidr = readonly [Address, number];

/** Parses `10.0.0.0/8`, `::1` and the like; throws on anything else, so that a wrong setting is found at boot. */
export function parseCidr(text: string): Cidr {
  if (text.includes('/')) {
    const [base, bits] = ipaddr.parseCIDR(text);
    return base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96
      ? [base.toIPv4Address(), bits - 96]
      : [base, bits];
  }
  const address = ipaddr.process(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

/** As `clientAddress`, for a server: a client sends many requests, so what was read last is remembered. */
export function createAddressReader(
  trusted: readonly Cidr[],
): (peer: string, forwardedFor: string | undefined) => string {
  const known = new Map<string, string>();
  return (peer, forwardedFor) => {
    const key = forwardedFor === undefined ? peer : `${peer} ${forwardedFor}`;
    let address = known.get(key);
    if (address === undefined) {
      address = clientAddress(peer, forwardedFor, trusted);
      if (known.size >= ADDRESSES_KEPT) known.clear();
      if (key.length <= LONGEST_KEPT) known.set(key, address);
    }
    return address;
  };
}

/**
 * The address a request came from. `X-Forwarded-For` is walked from the right, the end our own proxies wrote, and only
 * while the hop that vouches for an entry is in `trusted`: what a client forged to the left changes nothing.
 * IPv4-mapped IPv6 becomes IPv4, an IPv6 zone is cut.
 */
export function clientAddress(
  peer: string,
  forwardedFor: string | undefined,
  trusted: readonly Cidr[],
): string {
  // The common case, on every event: no proxy, a plain IPv4 peer.
  if (trusted.length === 0 && !peer.includes(':')) return peer;
  let current = parseAddress(peer);
  if (current === undefined) return peer;
  if (trusted.length === 0 || forwardedFor === undefined) return current.toString();
  const hops = forwardedFor.split(',');
  for (let at = hops.length - 1; at >= 0 && isTrusted(current, trusted); at -= 1) {
    const hop = parseAddress(hops[at]!.trim());
    // A trusted proxy that writes no address names nobody; the proxy itself is the last we know.
    if (hop === undefined) break;
    current = hop;
  }
  return current.toString();
}

function isTrusted(address: Address, trusted: readonly Cidr[]): boolean {
  return trusted.some(([base, bits]) => address.kind() === base.kind() && address.match(base, bits));
}

function parseAddress(text: string): Address | undefined {
  const bare = text.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');
  const unzoned = bare.replace(/%.*$/, '');
  // `isValid` alone also takes "1" and "0x7f.1".
  if (!unzoned.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(unzoned)) return undefined;
  return ipaddr.isValid(unzoned) ? ipaddr.process(unzoned) : undefined;
}
