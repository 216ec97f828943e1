import { Worker } from "node:worker_threads";
import type { BrokerRecipe } from "../../broker/broker-recipe.ts";
import { errorText } from "../../errors.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { LostLease } from "./lease-extender.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { Announcement, FromLeaseThread, LeaseThreadData, ToLeaseThread } from "./lease-thread.ts";
import { leaseThreadCode } from "./lease-thread-code.ts";

/** How long a thread may take to let go of the store before it is ended the hard way. */
const farewellMs = 1_000;

export interface LeaseThreadHostOptions {
  readonly recipe: BrokerRecipe & { readonly kind: "module" };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly table: LeaseTable;
  readonly onLost: (lost: LostLease) => void;
}

/** The server's end of the thread that keeps its leases. */
export class LeaseThreadHost {
  readonly #options: LeaseThreadHostOptions;
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  readonly #tookLeave = Promise.withResolvers<void>();
  #state: "starting" | "working" | "stopping" | "ended" = "starting";

  constructor(options: LeaseThreadHostOptions) {
    this.#options = options;
    const { recipe, leaseMs, table } = options;
    const workerData: LeaseThreadData = { recipe: { ...recipe, options: recipe.options() }, leaseMs };
    this.#thread = new Worker(leaseThreadCode, {
      ...{ workerData, name: "hikyaku leases" },
      eval: typeof leaseThreadCode === "string",
    });
    table.follow((segment) => this.#tell({ kind: "segment", segment }));
    this.#thread.on("message", (message: FromLeaseThread) => this.#hear(message));
    this.#thread.on("error", (error) => this.#failed(errorText(error)));
    this.#ended = new Promise((resolve) => this.#thread.once("exit", () => resolve()));
    void this.#ended.then(() => {
      this.#failed("it ended");
      this.#state = "ended";
    });
  }

  /** Whether the leases are in its hands. Until it is, and when it fails, somebody else must extend them. */
  get isWorking(): boolean {
    return this.#state === "working";
  }

  announced(announcement: Announcement): void {
    if (this.#state === "starting" || this.#state === "working") this.#tell({ kind: "announced", announcement });
  }

  /** Ends the thread; always within about a second, whatever the store does. */
  async stop(): Promise<void> {
    const mayTakeLeave = this.#state === "working";
    if (this.#state !== "ended") this.#state = "stopping";
    if (mayTakeLeave) {
      this.#tell({ kind: "stop" });
      const patience = new AbortController();
      await Promise.race([
        this.#ended,
        this.#tookLeave.promise,
        sleep(this.#options.clock, farewellMs, patience.signal),
      ]);
      patience.abort();
    }
    await this.#thread.terminate();
  }

  #hear(message: FromLeaseThread): void {
    switch (message.kind) {
      case "ready":
        if (this.#state === "starting") this.#state = "working";
        return;
      case "lost":
        this.#options.onLost(message.lease);
        return;
      case "log":
        this.#options.logger[message.level](message.message, message.fields);
        return;
      case "failed":
        this.#failed(message.reason);
        return;
      case "stopped":
        this.#tookLeave.resolve();
        return;
    }
  }

  #failed(reason: string): void {
    if (this.#state === "stopping" || this.#state === "ended") return;
    this.#state = "ended";
    this.#options.logger.error(
      "the thread that extends leases does not work; a handler that blocks the event loop for longer than the lease loses its task",
      { reason },
    );
    void this.#thread.terminate();
  }

  #tell(message: ToLeaseThread): void {
    this.#thread.postMessage(message);
  }
}
