import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { HandledTypes } from "../../broker/work-facet.ts";
import { checkedName } from "../../checked-name.ts";
import { HikyakuError } from "../../errors.ts";
import { refuseUnknownOptions, shown } from "../../option-names.ts";
import { rawBytes } from "../../task/payload.ts";
import type { TaskDefinition } from "../../task/task.ts";
import type { Handler, HandlerContext } from "./handler-context.ts";

/** A handler together with what is needed to parse for it. */
export interface RegisteredHandler {
  readonly definition: Pick<
    TaskDefinition<StandardSchemaV1, StandardSchemaV1>,
    "type" | "payload" | "result" | "retryDelay"
  >;
  readonly run: (context: HandlerContext) => unknown;
}

/** How a handler is registered. */
export interface HandleOptions {
  /** Also runs tasks whose type only begins with the definition's and that have no nearer handler. Default false. */
  readonly prefix?: boolean;
}

const handleRawNames: ReadonlySet<string> = new Set(["prefix"]);
const handleOptionNames: ReadonlySet<string> = new Set<keyof HandleOptions>(["prefix"]);

interface PrefixHandler extends RegisteredHandler {
  /** Whether it claims the type that is the prefix and nothing more, too: as Go's patterns do. */
  readonly isPattern: boolean;
}

/** Which handler runs which task: the one of exactly its type, else the one with the longest prefix of it. */
export class Handlers {
  readonly #exact = new Map<string, RegisteredHandler>();
  readonly #prefixes: PrefixHandler[] = [];
  #types: HandledTypes | undefined;

  /**
   * The handler of a definition's type, or of a pattern: of that type and all that begin with it, any JSON.
   * @throws HikyakuError `invalid_option` when it is blank or has a handler already, or the handler is no function.
   */
  add(
    task: string | RegisteredHandler["definition"],
    handler: (context: never) => unknown,
    options: HandleOptions = {},
  ): void {
    refuseUnknownOptions("Server.handle", options, handleOptionNames);
    const { prefix } = options;
    if (prefix !== undefined && (typeof task === "string" || typeof prefix !== "boolean")) {
      const expected = typeof task === "string" ? "none, since a pattern is a prefix" : "true or false";
      throw new HikyakuError("invalid_option", `option "prefix": expected ${expected}, got ${shown(prefix)}`);
    }
    const isPattern = typeof task === "string" || prefix === true;
    const type = checkedName(
      typeof task === "string" ? "pattern" : "type",
      typeof task === "string" ? task : task?.type,
    );
    checkHandler(type, handler);
    const definition = typeof task === "string" ? anyJson(type) : task;
    const registered: RegisteredHandler = { definition, run: (context) => handler(context as never) };
    if (isPattern) this.#addPrefix(registered, true);
    else this.#addExact(registered);
  }

  /** A handler that gets its payload as bytes; of one type, or of every type that starts with a prefix. */
  addRaw(type: string | { readonly prefix: string }, handler: Handler<Uint8Array>): void {
    if (typeof type !== "string") refuseUnknownOptions("Server.handleRaw", type, handleRawNames);
    const prefix = typeof type === "string" ? undefined : type.prefix;
    // No text at all is the prefix of every type, and said on purpose; a blank one is a slip.
    const name = prefix === "" ? prefix : checkedName(prefix === undefined ? "type" : "prefix", prefix ?? type);
    checkHandler(name, handler);
    const registered: RegisteredHandler = {
      definition: { ...anyJson(name), payload: rawBytes },
      run: (context) => handler(context as HandlerContext<Uint8Array>),
    };
    if (prefix === undefined) this.#addExact(registered);
    else this.#addPrefix(registered, false);
  }

  #addExact(registered: RegisteredHandler): void {
    const { type } = registered.definition;
    const claimed = this.#prefixes.some(({ definition, isPattern }) => isPattern && definition.type === type);
    if (claimed || this.#exact.has(type)) throw alreadyHandled(`type "${type}"`);
    this.#exact.set(type, registered);
    this.#types = undefined;
  }

  #addPrefix(registered: RegisteredHandler, isPattern: boolean): void {
    const { type } = registered.definition;
    if (isPattern && this.#exact.has(type)) throw alreadyHandled(`type "${type}"`);
    if (this.#prefixes.some(({ definition }) => definition.type === type)) throw alreadyHandled(`prefix "${type}"`);
    this.#prefixes.push({ ...registered, isPattern });
    this.#prefixes.sort((one, other) => other.definition.type.length - one.definition.type.length);
    this.#types = undefined;
  }

  find(type: string): RegisteredHandler | undefined {
    return this.#exact.get(type) ?? this.#prefixes.find(({ definition }) => type.startsWith(definition.type));
  }

  /** The definition that `find`'s handler was registered with. Undefined where it was registered without one. */
  definitionOf(type: string): TaskDefinition | undefined {
    const definition = this.find(type)?.definition;
    return definition !== undefined && "with" in definition ? (definition as TaskDefinition) : undefined;
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

function anyJson(type: string): RegisteredHandler["definition"] {
  return { type, payload: undefined, result: undefined, retryDelay: undefined };
}

function checkHandler(type: string, handler: unknown): void {
  if (typeof handler === "function") return;
  throw new HikyakuError("invalid_option", `handler of "${type}": expected a function, got ${shown(handler)}`);
}

function alreadyHandled(what: string): HikyakuError {
  return new HikyakuError("invalid_option", `${what} has a handler already; a server runs one handler for each`);
}
