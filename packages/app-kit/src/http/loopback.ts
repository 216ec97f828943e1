/** Whether an IP address or host name means this machine itself, with no network in between. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/^::ffff:/, "");
  return name === "localhost" || name === "::1" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** The name in a `Host` header, in lower case and without its port; empty where there is none. */
export function hostNameOf(header: string | undefined): string {
  return (header ?? "").toLowerCase().replace(/:\d*$/, "");
}
