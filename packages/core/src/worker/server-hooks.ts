import type {
  ProgressedEvent,
  QueueEvent,
  ServerToldEvent,
  SettledEvent,
  StartedEvent,
} from "../broker/queue-event.ts";
import { errorText, HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { callGuarded } from "../runtime/guarded-call.ts";
import type { Logger } from "../runtime/logger.ts";

/** What a server tells in its own process, by kind. */
export interface ServerHookEvents {
  readonly started: StartedEvent;
  readonly progressed: ProgressedEvent;
  readonly settled: SettledEvent;
  readonly server_told: ServerToldEvent;
}

export type ServerHookKind = keyof ServerHookEvents;

const hookKinds: readonly ServerHookKind[] = ["started", "progressed", "settled", "server_told"];

/** The listeners of one server. One that fails disturbs nothing. */
export class ServerHooks {
  readonly #logger: Logger;
  readonly #byKind = new Map<string, Set<(event: never) => unknown>>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws HikyakuError `invalid_option`. */
  add<Kind extends ServerHookKind>(kind: Kind, listener: (event: ServerHookEvents[Kind]) => unknown): () => void {
    if (!hookKinds.includes(kind)) {
      throw new HikyakuError(
        "invalid_option",
        `Server.on: expected one of ${hookKinds.join(", ")}, got ${shown(kind)}`,
      );
    }
    if (typeof listener !== "function") {
      throw new HikyakuError("invalid_option", `Server.on: expected a function, got ${shown(listener)}`);
    }
    const own = (event: ServerHookEvents[Kind]): unknown => listener(event);
    const all = this.#byKind.get(kind) ?? new Set();
    this.#byKind.set(kind, all);
    all.add(own);
    return () => {
      all.delete(own);
      if (all.size === 0 && this.#byKind.get(kind) === all) this.#byKind.delete(kind);
    };
  }

  isHeard(kind: ServerHookKind): boolean {
    return this.#byKind.has(kind);
  }

  tell(event: QueueEvent & ServerHookEvents[ServerHookKind]): void {
    for (const listener of [...(this.#byKind.get(event.kind) ?? [])]) {
      callGuarded(
        () => listener(event as never),
        (error) => this.#logger.error("a listener of a server failed", { kind: event.kind, error: errorText(error) }),
      );
    }
  }
}
