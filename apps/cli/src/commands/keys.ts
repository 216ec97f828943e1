import { SCOPES, type Scope } from "@hikyaku/contract";
import { type ApiKey, ApiKeys } from "@hikyaku/operations/access";
import { presentApiKey } from "@hikyaku/operations/presenters";
import { type Command, InvalidArgumentError } from "commander";
import { type AuditNote, type AuditTrail, type Duration, durationMs, errorText, visibleText } from "hikyaku";
import { exitCodes } from "../exit-codes.ts";
import { withStore } from "../open-store.ts";
import { type CommandContext, show } from "../output.ts";
import { UsageError } from "../usage-error.ts";
import { userName } from "../user-name.ts";

interface CreateOptions {
  readonly scope: readonly Scope[];
  readonly queue?: readonly string[];
  readonly expires?: string;
  readonly reason?: string;
}

const pageSize = 1_000;

/** `keys create`, `keys list`, `keys revoke`: credentials for the operations API; see docs/security.md. */
export function addKeys(program: Command, { streams, exitWith }: CommandContext): void {
  const keys = program.command("keys").description("Keys that open the operations API to programs.");
  keys
    .command("create <name>")
    .description("Makes a key and writes it to standard output. Nobody can show it again.")
    .requiredOption("--scope <scope...>", `what it permits: ${SCOPES.join(", ")}`, oneScope)
    .option("--queue <name...>", "the queues that it is for; a name may end in * (default: all)")
    .option("--expires <duration>", "how long it holds, such as 90d (default: until it is revoked)")
    .option("--reason <text>", "why, for the audit")
    .option("--json", "write JSON", false)
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const who = userName();
      const expiresAt = options.expires === undefined ? undefined : new Date(Date.now() + lifeOf(options.expires));
      const made = await withStore(async (broker, { audit }) => {
        const created = await new ApiKeys(broker).create({
          name,
          scopes: options.scope,
          queues: options.queue,
          expiresAt,
          who,
        });
        const after = presentApiKey(created.apiKey);
        await written(audit, streams, { operation: "create-key", on: {}, after, reason: options.reason });
        return created;
      });
      const { json } = command.optsWithGlobals<{ readonly json: boolean }>();
      show(streams, json, { ...presentApiKey(made.apiKey), key: made.key }, () => `${made.key}\n`);
    });
  keys
    .command("list")
    .description("Lists the keys, without what makes them keys.")
    .option("--json", "write JSON", false)
    .action(async ({ json }: { readonly json: boolean }) => {
      const found = await withStore(async (broker) => {
        const all: ApiKey[] = [];
        const store = new ApiKeys(broker);
        for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
          const page = await store.list(pageSize, cursor);
          all.push(...page.keys);
          cursor = page.next;
        }
        return all;
      });
      show(streams, json, { keys: found.map(presentApiKey) }, () => listText(found));
    });
  keys
    .command("revoke <id>")
    .description("Revokes a key by its id, the middle part of the key. Exit code: 0 it is revoked, 64 there is none.")
    .option("--reason <text>", "why, for the audit")
    .action(async (id: string, { reason }: { readonly reason?: string }) => {
      const outcome = await withStore(async (broker, { audit }) => {
        const revoked = await new ApiKeys(broker).revoke(id);
        if (revoked === "revoked") await written(audit, streams, { operation: "revoke-key", on: { id }, reason });
        return revoked;
      });
      if (outcome === "not_found") throw new UsageError(`there is no key of the id ${JSON.stringify(visibleText(id))}`);
      streams.out(`revoked ${id}; processes that have just looked it up may accept it for five seconds more\n`);
      exitWith(exitCodes.ok);
    });
}

async function written(
  audit: AuditTrail,
  { err }: CommandContext["streams"],
  change: Pick<AuditNote, "operation" | "on" | "after" | "reason">,
): Promise<void> {
  try {
    await audit.write({ who: userName(), way: "cli", ...change, result: "done" });
  } catch (error) {
    err(`hikyaku: this change is missing in the audit: ${errorText(error)}\n`);
  }
}

function oneScope(value: string, before: readonly Scope[] | undefined): readonly Scope[] {
  const scope = SCOPES.find((known) => known === value);
  if (scope === undefined) throw new InvalidArgumentError(`Expected one of ${SCOPES.join(", ")}.`);
  return [...(before ?? []), scope];
}

function lifeOf(text: string): number {
  try {
    const ms = durationMs("expires", text as Duration);
    if (ms > 0) return ms;
  } catch {
    // Said below.
  }
  throw new UsageError(`--expires: expected a duration such as 90d or 12h, got ${JSON.stringify(visibleText(text))}`);
}

function listText(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return "There are no keys.\n";
  const lines = keys.map(({ id, name, scopes, queues, expiresAt, lastUsedAt }) =>
    [
      `hk_${id}`,
      name,
      scopes.join(","),
      queues?.join(",") ?? "all queues",
      expiresAt === undefined ? "until revoked" : `until ${expiresAt.toISOString()}`,
      lastUsedAt === undefined ? "never used" : `used ${lastUsedAt.toISOString()}`,
    ]
      .map(visibleText)
      .join("  "),
  );
  return `${lines.join("\n")}\n`;
}
