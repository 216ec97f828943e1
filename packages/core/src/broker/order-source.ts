import type { OrderSource } from "./control-facet.ts";

/** Who asked, as text. */
export function sourceText({ host, pid, who }: OrderSource): string {
  return who === undefined ? `${host} pid ${pid}` : `${who} (${host} pid ${pid})`;
}
