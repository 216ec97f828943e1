import { HikyakuError } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { probeChannel, probeKey, queueKeys } from "./keys.ts";
import { probeLua } from "./lua/generated.ts";
import { runScript, script } from "./run-script.ts";
import type { Link } from "./wire/link.ts";
import { list, text } from "./wire/reply.ts";

const probeScript = script(probeLua, "list");

/** No task has this id: ours have another form, and a user's is never empty. */
const nobody = "";

/**
 * Runs what tasks need on every server that holds one of the queues, and touches the keys of each queue. A server that
 * refuses something refuses it for all of its queues, so it is asked for one of them only.
 */
export async function probeWrites(
  connection: Link,
  queues: readonly string[],
  call: CallOptions | undefined,
): Promise<void> {
  const asked = new Set<string>();
  await Promise.all(
    (queues.length > 0 ? queues : ["default"]).map(async (queue) => {
      const { location } = await connection.holderOf(probeKey(queue), call);
      const isFirst = !asked.has(location);
      asked.add(location);
      await probeQueue(connection, queue, isFirst, call);
    }),
  );
}

async function probeQueue(
  connection: Link,
  queue: string,
  writes: boolean,
  call: CallOptions | undefined,
): Promise<void> {
  const keys = queueKeys(queue);
  const { pending, active, lease, scheduled, retry, archived, completed, groups, due } = keys;
  const names = [probeKey(queue), pending, active, lease, scheduled, retry, archived, completed, due, groups];
  const answer = await runScript(connection, probeScript, names, [writes ? "1" : "0", nobody, probeChannel], call);
  const [key, refusal] = list(answer);
  if (key === undefined) return;
  throw new HikyakuError(
    "store_rejected",
    `queue ${JSON.stringify(queue)}: Redis refuses to write ${text(key)}: ${text(refusal)}; ` +
      "move what lies there away, or give the user access",
  );
}
