import { type OrderKind, type OrderSource, orderKinds, type ServerOrder } from "../broker/control-facet.ts";
import { sourceText } from "../broker/order-source.ts";
import type { SignalFacet } from "../broker/signal-facet.ts";
import type { Logger } from "../runtime/logger.ts";

/** What a server did because somebody else told it to. */
export interface ObeyedOrder {
  readonly kind: OrderKind;
  /** Who asked. Undefined when only the store's refusal told that the server was evicted. */
  readonly by: OrderSource | undefined;
  readonly reason: string | undefined;
  /** When it was asked, by the asker's clock. */
  readonly at: Date | undefined;
}

export interface RemoteControlOptions {
  readonly broker: Pick<SignalFacet, "listen">;
  readonly serverId: string;
  readonly logger: Logger;
  /** Its state and what it runs, for the log. */
  readonly describe: () => { readonly state: string; readonly running: number };
  readonly quiet: () => void;
  readonly stop: (timeoutMs: number | undefined) => void;
  /** Called with each order that is carried out. */
  readonly onOrder: (order: ObeyedOrder) => void;
  /** Called once, when the server holds nothing of its own any more. */
  readonly letGo: () => void;
}

const messages: Readonly<Record<OrderKind, string>> = {
  quiet: "told from elsewhere to go quiet: takes no new tasks",
  stop: "told from elsewhere to stop",
  evict: "evicted: the tasks of this server were given to others; it lets go of them and stops",
};

/**
 * Carries out what others tell this server to do, each order once. Orders come in three ways: a signal, which may be
 * lost; the store's answer to an announcement; for an eviction also the refusal of a claim.
 */
export class RemoteControl {
  readonly #options: RemoteControlOptions;
  readonly #heard = new Set<string>();
  readonly #told = Promise.withResolvers<void>();
  #obeyed: ObeyedOrder | undefined;
  #unlisten: (() => void) | undefined;

  constructor(options: RemoteControlOptions) {
    this.#options = options;
  }

  /** The sternest order that was carried out. */
  get obeyed(): ObeyedOrder | undefined {
    return this.#obeyed;
  }

  /**
   * Resolves once it is known who evicted this server; at once when nobody did. The store refuses the server's claims
   * before the order arrives.
   */
  async whoEvicted(): Promise<void> {
    if (this.#obeyed?.kind === "evict" && this.#obeyed.by === undefined) await this.#told.promise;
  }

  start(): void {
    this.#unlisten ??= this.#options.broker.listen((signal) => {
      if (signal.kind === "server_order") this.hear([signal.order]);
    });
  }

  stop(): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
  }

  hear(orders: readonly ServerOrder[]): void {
    for (const order of orders) {
      if (order.serverId !== this.#options.serverId || this.#heard.has(order.orderId)) continue;
      this.#heard.add(order.orderId);
      const { kind, by, reason, at } = order;
      this.#obey({ kind, by, reason, at: new Date(at) }, order.timeoutMs);
    }
  }

  /** The store refuses this server's claims. */
  refused(): void {
    if (this.#obeyed?.kind !== "evict") this.#obey({ kind: "evict", by: undefined, reason: undefined, at: undefined });
  }

  #obey(order: ObeyedOrder, timeoutMs?: number): void {
    const { logger, describe, onOrder, quiet, stop, letGo } = this.#options;
    const wasEvicted = this.#obeyed?.kind === "evict";
    const level = order.kind === "evict" && !wasEvicted ? "error" : "warn";
    const message = wasEvicted && order.kind === "evict" ? "who evicted this server" : messages[order.kind];
    logger[level](message, { ...logFields(order), ...describe() });
    onOrder(order);
    if (this.#obeyed === undefined || sternness(order.kind) >= sternness(this.#obeyed.kind)) this.#obeyed = order;
    if (order.kind === "evict" && order.by !== undefined) this.#told.resolve();
    if (order.kind === "quiet") quiet();
    else if (order.kind === "stop") stop(timeoutMs);
    else if (!wasEvicted) letGo();
  }
}

function sternness(kind: OrderKind): number {
  return orderKinds.indexOf(kind);
}

function logFields({ by, reason, at }: ObeyedOrder): Record<string, string> {
  return {
    by: by === undefined ? "not known yet" : sourceText(by),
    reason: reason ?? "none given",
    ...(at !== undefined && { askedAt: at.toISOString() }),
  };
}
