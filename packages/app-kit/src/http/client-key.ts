import { isIP, isIPv4 } from "node:net";

/**
 * The client that an address counts as, for limits. An IPv4 address counts as itself. An IPv6 address counts as its /64
 * network: that is the smallest piece that one customer gets, and it holds more addresses than could be counted. An
 * IPv4 address written as IPv6 (`::ffff:192.0.2.1`) counts as the IPv4 address. A text that is no address can only come
 * from a trusted proxy; all such texts share the key `unknown`.
 */
export function clientKey(address: string): string {
  return keyOf(address, 64);
}

/**
 * As `clientKey`, but an IPv6 address counts as its /56 network. One customer often gets such a network: 256 of the
 * smallest pieces.
 */
export function networkKey(address: string): string {
  return keyOf(address, 56);
}

function keyOf(address: string, bits: 56 | 64): string {
  const text = withoutPort(address.trim()).replace(/%.*$/, "");
  if (isIPv4(text)) return text;
  if (isIP(text) === 0) return "unknown";
  const groups = ipv6Groups(text);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join(".");
  const [first = 0, second = 0, third = 0, fourth = 0] = groups;
  const network = [first, second, third, bits === 64 ? fourth : fourth & 0xff00];
  return `${network.map((group) => group.toString(16)).join(":")}::/${bits}`;
}

/** Some proxies append the port of the client: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  const match = /^(?:\[([^\]]*)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(text);
  return match?.[1] ?? match?.[2] ?? text;
}

/** The eight 16-bit groups of a valid IPv6 address. */
function ipv6Groups(address: string): number[] {
  // The URL parser writes every spelling in one way: hexadecimal groups, at most one "::".
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = "", tail] = canonical.split("::");
  const left = numbers(head);
  const right = tail === undefined ? [] : numbers(tail);
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
}

function numbers(groups: string): number[] {
  return groups === "" ? [] : groups.split(":").map((group) => Number.parseInt(group, 16));
}
