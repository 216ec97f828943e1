import { isIPv4 } from "node:net";

/** Whether an IP address or host name means this machine itself, with no network in between. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name === "::1" || name === "[::1]") return true;
  const address = name.replace(/^::ffff:/, "").replace(/^\[::ffff:(.*)\]$/, "$1");
  return isIPv4(address) && address.startsWith("127.");
}

/** The name in a `Host` header, in lower case and without its port. Empty when there is none. */
export function hostNameOf(header: string | undefined): string {
  return (header ?? "").toLowerCase().replace(/:\d*$/, "");
}
