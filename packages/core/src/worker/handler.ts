import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { HandledTypes } from "../broker/work-facet.ts";
import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { rawBytes } from "../payload.ts";
import type { AnyJson, TaskDefinition } from "../task.ts";
import { checkedName } from "../task-options.ts";
import type { Logger } from "./logger.ts";

/** What a handler gets for one attempt of one task. */
export interface HandlerContext<Payload = unknown, Result = unknown> {
  /** Parsed by the definition's schema. */
  readonly payload: Payload;
  /**
   * Fires when this attempt is to stop: deadline, cancel, lost lease or shutdown; the code of its reason says which.
   * Pass it on to whatever takes it. A handler that ignores it keeps its slot until it returns.
   */
  readonly signal: AbortSignal;
  readonly type: string;
  readonly taskId: string;
  readonly queue: string;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 for the first attempt; goes up with each retry spent. */
  readonly attempt: number;
  readonly retried: number;
  readonly maxRetry: number;
  /** The end of this attempt. */
  readonly deadline: Date;
  /** The server's logger; each line carries the task's id, type and queue. */
  readonly logger: Logger;
  /**
   * Keeps a result while the task still runs. What the handler returns later replaces it, for a task with a retention.
   * @throws HikyakuError `lease_lost` when this server does not hold the task any more.
   */
  writeResult(result: Result): Promise<void>;
}

/**
 * Runs one attempt. Returning means success; any thrown value means failure and a retry later, `SkipRetry` that no
 * retry shall be made, `Revoke` that the task is to be dropped.
 */
export type Handler<Payload = unknown, Result = unknown> = (
  context: HandlerContext<Payload, Result>,
) => Result | Promise<Result>;

/** A handler together with what is needed to parse for it. */
export interface RegisteredHandler {
  readonly definition: Pick<TaskDefinition<StandardSchemaV1, StandardSchemaV1>, "type" | "payload" | "result">;
  readonly run: (context: HandlerContext) => unknown;
}

/** Which handler runs which task: the one of exactly its type, else the one with the longest prefix of it. */
export class Handlers {
  readonly #exact = new Map<string, RegisteredHandler>();
  readonly #prefixes: RegisteredHandler[] = [];
  #types: HandledTypes | undefined;

  /** @throws HikyakuError `invalid_option` when the type has a handler already, or the handler is no function. */
  add<Payload extends StandardSchemaV1 = AnyJson, Result extends StandardSchemaV1 = AnyJson>(
    task: TaskDefinition<Payload, Result>,
    handler: Handler<StandardSchemaV1.InferOutput<Payload>, StandardSchemaV1.InferInput<Result>>,
  ): void {
    const type = checkedName("type", task?.type);
    checkHandler(type, handler);
    this.#types = undefined;
    if (this.#exact.has(type)) throw alreadyHandled(`type "${type}"`);
    this.#exact.set(type, { definition: task, run: (context) => handler(context as never) });
  }

  /** A handler that gets its payload as bytes; of one type, or of every type that starts with a prefix. */
  addRaw(type: string | { readonly prefix: string }, handler: Handler<Uint8Array>): void {
    const prefix = typeof type === "string" ? undefined : type?.prefix;
    const name = prefix ?? checkedName("type", type);
    if (typeof name !== "string") {
      throw new HikyakuError("invalid_option", `option "prefix": expected a text, got ${shown(name)}`);
    }
    checkHandler(name, handler);
    this.#types = undefined;
    const registered: RegisteredHandler = {
      definition: { type: name, payload: rawBytes, result: undefined },
      run: (context) => handler(context as HandlerContext<Uint8Array>),
    };
    if (prefix === undefined) {
      if (this.#exact.has(name)) throw alreadyHandled(`type "${name}"`);
      this.#exact.set(name, registered);
      return;
    }
    if (this.#prefixes.some(({ definition }) => definition.type === prefix)) throw alreadyHandled(`prefix "${prefix}"`);
    this.#prefixes.push(registered);
    this.#prefixes.sort((one, other) => other.definition.type.length - one.definition.type.length);
  }

  find(type: string): RegisteredHandler | undefined {
    return this.#exact.get(type) ?? this.#prefixes.find(({ definition }) => type.startsWith(definition.type));
  }

  get size(): number {
    return this.#exact.size + this.#prefixes.length;
  }

  /** The same object each time, until a handler is added. */
  handledTypes(): HandledTypes {
    this.#types ??= this.#listTypes();
    return this.#types;
  }

  #listTypes(): HandledTypes {
    const prefixes = this.#prefixes.map(({ definition }) => definition.type);
    return prefixes.includes("") ? { kind: "all" } : { kind: "some", exact: [...this.#exact.keys()], prefixes };
  }
}

function checkHandler(type: string, handler: unknown): void {
  if (typeof handler === "function") return;
  throw new HikyakuError("invalid_option", `handler of "${type}": expected a function, got ${shown(handler)}`);
}

function alreadyHandled(what: string): HikyakuError {
  return new HikyakuError("invalid_option", `${what} has a handler already; a server runs one handler for each`);
}
