import { Worker } from "node:worker_threads";
import type { BrokerRecipe } from "../../broker/broker-recipe.ts";
import { errorText } from "../../errors.ts";
import { sleep, systemClock } from "../../runtime/clock.ts";
import type { FromLeaseThread, LeaseThreadData, ToLeaseThread } from "./lease-thread.ts";
import { leaseThreadCode } from "./lease-thread-code.ts";

/** How long a thread may take to close the store before it is terminated. */
const farewellMs = 1_000;

/** What the thread says while it works, except about its own start and end. */
export type LeaseThreadNews = Exclude<FromLeaseThread, { readonly kind: "ready" | "failed" | "stopped" }>;

/** Why a thread ended though nobody told it to. */
export interface LeaseThreadEnd {
  readonly reason: string;
  /** Whether another thread may fare better: this one had begun, and could open the store. */
  readonly isWorthAnother: boolean;
}

export interface LeaseThreadHostOptions {
  readonly recipe: BrokerRecipe & { readonly kind: "module" };
  readonly onReady: () => void;
  readonly onNews: (news: LeaseThreadNews) => void;
  /** Called once, except when `stop` was called before. */
  readonly onEnd: (end: LeaseThreadEnd) => void;
}

/** The event loop's side of one thread that keeps leases, from the thread's start to its end. */
export class LeaseThreadHost {
  readonly #options: LeaseThreadHostOptions;
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
  readonly #tookLeave = Promise.withResolvers<void>();
  #state: "starting" | "working" | "stopping" | "ended" = "starting";

  /** @throws what keeps a thread from starting here. */
  constructor(options: LeaseThreadHostOptions) {
    this.#options = options;
    const { recipe } = options;
    const workerData: LeaseThreadData = { recipe: { ...recipe, options: recipe.options() } };
    this.#thread = new Worker(leaseThreadCode, {
      workerData,
      name: "hikyaku leases",
      eval: typeof leaseThreadCode === "string",
    });
    this.#thread.on("message", (message: FromLeaseThread) => this.#hear(message));
    this.#thread.on("error", (error) => this.#failed(errorText(error), this.isWorking));
    this.#ended = new Promise((resolve) => this.#thread.once("exit", () => resolve()));
    void this.#ended.then(() => {
      this.#failed("it ended", this.isWorking);
      this.#state = "ended";
    });
  }

  /** Whether the thread extends the leases. Somebody else must do so before it works, and after it failed. */
  get isWorking(): boolean {
    return this.#state === "working";
  }

  /** Does nothing once the thread is about to end. */
  tell(message: ToLeaseThread): void {
    if (this.#state === "starting" || this.#state === "working") this.#thread.postMessage(message);
  }

  /** Ends the thread; always within about a second, whatever the store does. */
  async stop(): Promise<void> {
    const mayTakeLeave = this.isWorking;
    if (mayTakeLeave) this.tell({ kind: "stop" });
    if (this.#state !== "ended") this.#state = "stopping";
    if (mayTakeLeave) {
      const patience = new AbortController();
      await Promise.race([this.#ended, this.#tookLeave.promise, sleep(systemClock, farewellMs, patience.signal)]);
      patience.abort();
    }
    await this.#thread.terminate();
  }

  #hear(message: FromLeaseThread): void {
    switch (message.kind) {
      case "ready":
        if (this.#state !== "starting") return;
        this.#state = "working";
        this.#options.onReady();
        return;
      case "failed":
        this.#failed(message.reason, false);
        return;
      case "stopped":
        this.#tookLeave.resolve();
        return;
      default:
        this.#options.onNews(message);
    }
  }

  #failed(reason: string, isWorthAnother: boolean): void {
    if (this.#state === "stopping" || this.#state === "ended") return;
    this.#state = "ended";
    void this.#thread.terminate();
    this.#options.onEnd({ reason, isWorthAnother });
  }
}
