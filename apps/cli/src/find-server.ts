import { type ServerInfo, visibleText } from "hikyaku";
import { UsageError } from "./usage-error.ts";

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The id of the server that somebody means: its whole id, `host:pid`, or a beginning of its id that fits no other. A
 * whole id need not be known: a server that has been silent for long can still get orders, and be evicted.
 * @throws UsageError naming the candidates when there is none, or more than one.
 */
export function findServer(servers: readonly ServerInfo[], name: string): string {
  const exact = servers.filter(({ serverId, host, pid }) => serverId === name || `${host}:${pid}` === name);
  const found = exact.length > 0 ? exact : servers.filter(({ serverId }) => name !== "" && serverId.startsWith(name));
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only.serverId;
  if (found.length === 0 && wholeId.test(name)) return name.toLowerCase();
  const shown = JSON.stringify(visibleText(name));
  if (found.length > 1) throw new UsageError(`${shown} fits ${found.length} servers; say more:\n${listed(found)}`);
  const known = servers.length === 0 ? "none is known" : `known are:\n${listed(servers)}`;
  throw new UsageError(`no server ${shown}: expected an id, the beginning of one, or host:pid; ${known}`);
}

const mostListed = 20;

function listed(servers: readonly ServerInfo[]): string {
  const lines = servers.slice(0, mostListed).map(({ serverId, host, pid, status, silentSince }) => {
    const how = silentSince === undefined ? status : `silent, last heard of at ${silentSince.toISOString()}`;
    return visibleText(`  ${serverId}  ${host}:${pid}  ${how}`);
  });
  const more = servers.length - mostListed;
  return [...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n");
}
