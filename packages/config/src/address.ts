import { isIP, isIPv4, isIPv6 } from "node:net";

/** A server's place on the network. */
export interface Address {
  /** A name or an IP address; IPv6 without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** Splits `host:port` or `[ipv6]:port`. Returns undefined for anything else, also for a port outside 1 to 65535. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[(?<ipv6>[^\]]*)\]|(?<name>[^:]*)):(?<port>\d{1,5})$/.exec(text);
  if (match?.groups === undefined) return undefined;
  const { ipv6, name = "" } = match.groups;
  const port = Number(match.groups["port"]);
  if (port < 1 || port > 65535) return undefined;
  if (ipv6 !== undefined) return isIPv6(ipv6) ? { host: ipv6, port } : undefined;
  return isHost(name) ? { host: name, port } : undefined;
}

/** Whether the text is a host name or an IP address (IPv6 without brackets), with no port and no scheme. */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (text.length > 253 || /^[\d.]+$/.test(text)) return false;
  return text
    .replace(/\.$/, "")
    .split(".")
    .every((label) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label));
}

/** Whether the text is an IP address, or a range of them in CIDR form such as `10.0.0.0/8`. */
export function isAddressRange(text: string): boolean {
  const [ip = "", bits, ...rest] = text.split("/");
  if (rest.length > 0 || isIP(ip) === 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv4(ip) ? 32 : 128));
}
