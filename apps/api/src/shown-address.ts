/** Secrets, and what is searched for in payloads. `payload_path` is hidden with them. */
const soundsSecret = /payload|token|secret|passw|api[-_]?key|authorization|credential/i;

/** A request's address as the log may show it. A secret does not belong there, but people put it there by mistake. */
export function shownAddress(url: string | undefined): string | undefined {
  const at = url?.indexOf("?") ?? -1;
  if (url === undefined || at < 0) return url;
  const parts = url
    .slice(at + 1)
    .split("&")
    .map((part) => {
      const [name = ""] = part.split("=", 1);
      return part !== name && soundsSecret.test(plain(name)) ? `${name}=***` : part;
    });
  return `${url.slice(0, at)}?${parts.join("&")}`;
}

/** A name can be written with escapes, and is read without them. */
function plain(name: string): string {
  return new URLSearchParams(`${name}=`).keys().next().value ?? name;
}
