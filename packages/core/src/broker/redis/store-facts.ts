import { isHikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import type { StoreFacts, StorePart } from "../reconcile-facet.ts";
import type { RedisContext } from "./redis-context.ts";
import { runCommand } from "./run-script.ts";
import type { Link } from "./wire/link.ts";
import { text } from "./wire/reply.ts";

/** In a cluster each master is asked. */
export async function redisFacts({ connection }: RedisContext, call: CallOptions | undefined): Promise<StoreFacts> {
  const holders = await connection.holders(call);
  return { kind: "redis", parts: await Promise.all(holders.map((holder) => partOf(holder, call))) };
}

async function partOf(holder: Link, call: CallOptions | undefined): Promise<StorePart> {
  const { location } = holder;
  const [server, memory] = await Promise.all([infoOf(holder, "server", call), infoOf(holder, "memory", call)]);
  const valkey = server["valkey_version"];
  const redis = server["redis_version"];
  const limit = numberOf(memory["maxmemory"]);
  return {
    location,
    version: valkey !== undefined ? `Valkey ${valkey}` : redis === undefined ? undefined : `Redis ${redis}`,
    bytes: numberOf(memory["used_memory"]),
    // 0 stands for no limit.
    bytesLimit: limit === 0 ? undefined : limit,
  };
}

/** The lines of a part of `INFO`. None where the server does not permit it. */
async function infoOf(
  holder: Link,
  section: string,
  call: CallOptions | undefined,
): Promise<Readonly<Record<string, string>>> {
  try {
    const answer = text(await runCommand(holder, ["INFO", section], call)) ?? "";
    return Object.fromEntries([...answer.matchAll(/^(\w+):([^\r\n]*)/gm)].map(([, name, value]) => [name, value]));
  } catch (error) {
    if (!isHikyakuError(error, "store_rejected")) throw error;
    return {};
  }
}

function numberOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}
