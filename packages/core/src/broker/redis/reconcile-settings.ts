import { errorText, isHikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { aFinding, type Finding } from "../finding.ts";
import type { RedisContext } from "./redis-context.ts";
import { runCommand } from "./run-script.ts";
import type { Argument, Link, Reply } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

/**
 * The settings with which Redis loses accepted tasks: no append-only file, a policy that evicts keys, fewer replicas
 * than every enqueue waits for. In a cluster each master is asked. Hosted Redis often does not permit `CONFIG GET`; the
 * result then says that the settings are unknown.
 */
export async function checkRedisSettings(
  { connection, durability }: RedisContext,
  call: CallOptions | undefined,
): Promise<readonly Finding[]> {
  const holders = await connection.holders(call);
  const found = await Promise.all(
    holders.map(async (holder) => {
      const name = holders.length > 1 ? `Redis at ${holder.location}` : "Redis";
      const settings = await settingsOf(holder, name, call);
      const replicas = durability?.replicas ?? 0;
      return replicas === 0 ? settings : [...settings, ...(await replicasOf(holder, name, replicas, call))];
    }),
  );
  return found.flat();
}

async function settingsOf(holder: Link, redis: string, call: CallOptions | undefined): Promise<readonly Finding[]> {
  const read = async (name: string): Promise<string | Finding> => {
    const reply = await told(holder, ["CONFIG", "GET", name], call);
    if (typeof reply === "string") return unknown(`${redis} does not tell the setting ${name}: ${reply}`);
    return text(list(reply.value)[1]) ?? unknown(`${redis} does not know the setting ${name}`);
  };
  const [appendonly, fsync, policy] = await Promise.all([
    read("appendonly"),
    read("appendfsync"),
    read("maxmemory-policy"),
  ]);
  const findings = [appendonly, policy].filter((value) => typeof value !== "string");
  if (appendonly === "no") {
    const detail =
      `${redis} keeps no append-only file (appendonly no): a crash loses every task since the last snapshot; ` +
      "set appendonly yes";
    findings.push(aFinding("unsafe_setting", { detail }));
  } else if (appendonly === "yes" && fsync === "no") {
    const detail =
      `${redis} leaves it to the system when its append-only file reaches the disk (appendfsync no): a crash of the ` +
      "machine loses up to half a minute; set appendfsync everysec or always";
    findings.push(aFinding("unsafe_setting", { detail }));
  }
  if (typeof policy === "string" && policy !== "noeviction") {
    const detail =
      `${redis} may evict tasks, leases and locks when its memory is full (maxmemory-policy ${policy}); ` +
      "set maxmemory-policy noeviction";
    findings.push(aFinding("unsafe_setting", { detail }));
  }
  return findings;
}

async function replicasOf(
  holder: Link,
  redis: string,
  asked: number,
  call: CallOptions | undefined,
): Promise<readonly Finding[]> {
  const reply = await told(holder, ["INFO", "replication"], call);
  if (typeof reply === "string") return [unknown(`${redis} does not tell its replicas: ${reply}`)];
  const online = (text(reply.value) ?? "").match(/^slave\d+:.*state=online/gm)?.length ?? 0;
  if (online >= asked) return [];
  const detail =
    `${redis} has ${online} replicas in step, and every enqueue waits for ${asked} (option "durability"): enqueues fail ` +
    "with not_acknowledged; bring up replicas, or ask for fewer";
  return [aFinding("too_few_replicas", { detail })];
}

/** The reply, or in words why there is none. */
async function told(
  holder: Link,
  command: readonly Argument[],
  call: CallOptions | undefined,
): Promise<{ readonly value: Reply } | string> {
  try {
    return { value: await runCommand(holder, command, call) };
  } catch (error) {
    if (!isHikyakuError(error, "store_rejected")) throw error;
    return errorText(error);
  }
}

function unknown(detail: string): Finding {
  return aFinding("unknown_setting", { detail });
}
