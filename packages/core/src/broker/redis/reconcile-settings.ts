import { errorText, isHikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { aFinding, type Finding } from "../finding.ts";
import type { RedisContext } from "./redis-context.ts";
import { list, text } from "./reply.ts";
import { runCommand } from "./run-script.ts";

/**
 * The settings with which Redis loses what it accepted: no append-only file, and a policy that evicts keys. Hosted
 * Redis often does not permit `CONFIG GET`; that is told as unknown.
 */
export async function checkRedisSettings(
  { connection }: RedisContext,
  call: CallOptions | undefined,
): Promise<readonly Finding[]> {
  const read = async (name: string): Promise<string | Finding> => {
    try {
      const reply = await runCommand(connection, ["CONFIG", "GET", name], call);
      const value = settingOf(reply);
      return value ?? aFinding("unknown_setting", { detail: `Redis does not know the setting ${name}` });
    } catch (error) {
      if (!isHikyakuError(error, "store_rejected")) throw error;
      return aFinding("unknown_setting", { detail: `Redis does not tell the setting ${name}: ${errorText(error)}` });
    }
  };
  const [appendonly, fsync, policy] = await Promise.all([
    read("appendonly"),
    read("appendfsync"),
    read("maxmemory-policy"),
  ]);
  const findings = [appendonly, policy].filter((value) => typeof value !== "string");
  if (appendonly === "no") {
    const detail =
      "Redis keeps no append-only file (appendonly no): a crash loses every task since the last snapshot; " +
      "set appendonly yes";
    findings.push(aFinding("unsafe_setting", { detail }));
  } else if (appendonly === "yes" && fsync === "no") {
    const detail =
      "Redis leaves it to the system when its append-only file reaches the disk (appendfsync no): a crash of the machine " +
      "loses up to half a minute; set appendfsync everysec or always";
    findings.push(aFinding("unsafe_setting", { detail }));
  }
  if (typeof policy === "string" && policy !== "noeviction") {
    const detail =
      `Redis may evict tasks, leases and locks when its memory is full (maxmemory-policy ${policy}); ` +
      "set maxmemory-policy noeviction";
    findings.push(aFinding("unsafe_setting", { detail }));
  }
  return findings;
}

/** RESP 2 gives a list of names and values, RESP 3 a map, which the client may hand out as an object. */
function settingOf(reply: unknown): string | undefined {
  if (Array.isArray(reply)) return text(list(reply)[1]);
  const values = reply instanceof Map ? [...reply.values()] : Object.values(reply ?? {});
  return values.length === 0 ? undefined : String(values[0]);
}
