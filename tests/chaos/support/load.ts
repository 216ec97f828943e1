import { setTimeout as delay } from "node:timers/promises";
import {
  type Client,
  type EnqueueOptions,
  type ErrorCode,
  errorText,
  HikyakuError,
  isHikyakuError,
  isStoreAway,
} from "hikyaku";
import { Ledger, type RequestKind, type TaskRequest } from "./ledger.ts";
import type { Seeded } from "./seeded.ts";
import { killer, member, probe, work } from "./tasks.ts";

/** What the load asks for by itself. */
type AskedAtRandom = Exclude<RequestKind, "probe" | "killer">;

const weights: Readonly<Record<AskedAtRandom, number>> = {
  now: 10,
  delayed: 4,
  retried: 4,
  exhausted: 1,
  unique: 5,
  grouped: 6,
  kept: 4,
  named: 3,
  blocking: 0.3,
  cancelled_waiting: 2,
  cancelled_running: 1,
};

/** Asks for mixed tasks through a real client, and keeps book of what was asked and answered. */
export class Load {
  readonly ledger = new Ledger();
  readonly #client: Client;
  readonly #random: Seeded;
  readonly #leaseMs: number;
  readonly #ended = new AbortController();
  #underWay = new Set<Promise<unknown>>();
  #count = 0;

  constructor(client: Client, random: Seeded, leaseMs: number) {
    this.#client = client;
    this.#random = random;
    this.#leaseMs = leaseMs;
  }

  /** Asks for one task after the other, now and then for many at once. */
  async run(untilMs: number): Promise<void> {
    const end = performance.now() + untilMs;
    while (performance.now() < end) {
      const many = this.#random.chance(0.04) ? this.#random.int(5, 25) : 1;
      for (let count = 0; count < many; count++) this.#ask(this.#random.weighted(weights));
      await delay(this.#random.int(5, 45));
    }
  }

  /** No answer is awaited any more when this resolves, and all that was to be cancelled is. */
  async finish(): Promise<void> {
    this.#ended.abort();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    for (const request of this.ledger.requests.values()) {
      if (request.kind !== "cancelled_waiting" || request.state === "refused") continue;
      if (request.cancel === "archived") continue;
      // The store may still be away: a fault can outlast the load.
      for (let tries = 0; (await this.#cancel(request)) === "store away" && tries < 150; tries++) await delay(100);
    }
  }

  /** Asks for a task that ends the process of whoever runs it, with others right before and behind it, until it is there. */
  async killer(): Promise<void> {
    const request = this.ledger.open({ key: this.#key("killer"), kind: "killer", queue: "load" });
    // Each takes longer than the killer, so that it runs when its worker dies.
    const beside = (): void => {
      for (let count = 0; count < 8; count++) {
        const key = this.#key("now");
        this.#enqueue({ key, kind: "now", queue: "load" }, { key, ms: 400, failures: 0, blocks: false }, {});
      }
    };
    beside();
    for (;;) {
      await this.#answer(request, this.#client.enqueue(killer, { key: request.key }, { taskId: request.key }));
      if (request.state === "accepted" || request.error?.startsWith("task_id_taken") === true) break;
      await delay(100);
    }
    request.state = "accepted";
    request.id = request.key;
    beside();
  }

  /** Asks for a probe until one is accepted; comes back with its key, or with undefined when the time is over. */
  async probe(withinMs: number): Promise<string | undefined> {
    const end = performance.now() + withinMs;
    while (performance.now() < end) {
      const request = this.ledger.open({ key: this.#key("probe"), kind: "probe", queue: "probe" });
      await this.#answer(request, this.#client.enqueue(probe, { key: request.key }, { within: "1s" }));
      if (request.state === "accepted") return request.key;
      await delay(20);
    }
    return undefined;
  }

  #key(kind: RequestKind): string {
    return `${kind}-${++this.#count}`;
  }

  #ask(kind: AskedAtRandom): void {
    const random = this.#random;
    const key = this.#key(kind);
    const queue = random.chance(0.7) ? "load" : "other";
    const ms = random.chance(0.7) ? random.int(0, 40) : random.int(40, 500);
    const payload = { key, ms, failures: 0, blocks: false };
    const opened = { key, kind, queue } as const;
    switch (kind) {
      case "now":
        this.#enqueue(opened, payload, {});
        return;
      case "blocking":
        this.#enqueue(opened, { ...payload, ms: this.#leaseMs + random.int(200, 1_000), blocks: true }, {});
        return;
      case "delayed": {
        const dueAt = Date.now() + random.int(50, 2_500);
        this.#enqueue({ ...opened, dueAt }, payload, { at: new Date(dueAt) });
        return;
      }
      case "retried": {
        const failures = random.int(1, 3);
        this.#enqueue({ ...opened, failures }, { ...payload, failures }, { maxRetry: 5 });
        return;
      }
      case "exhausted":
        this.#enqueue({ ...opened, failures: 99 }, { ...payload, failures: 99 }, { maxRetry: random.int(0, 2) });
        return;
      case "unique": {
        // The same bytes make the same lock, so what tells these requests apart is their ids.
        const uniqueKey = `unique-${random.int(1, 6)}`;
        const options = { uniqueFor: "10m", taskId: key, queue: "load" } as const;
        const delayed = random.chance(0.3) ? { in: { ms: random.int(50, 1_500) } } : {};
        const same = { key: uniqueKey, ms: 30, failures: 0, blocks: false };
        this.#enqueue({ ...opened, queue: "load", uniqueKey }, same, { ...options, ...delayed });
        return;
      }
      case "grouped": {
        const request = this.ledger.open({ ...opened, queue: "other" });
        const group = `group-${random.int(1, 3)}`;
        this.#follow(this.#answer(request, this.#client.enqueue(member, { key }, { group })));
        return;
      }
      case "kept":
        this.#enqueue(opened, payload, { retention: "1h" });
        return;
      case "named":
        this.#follow(this.#insist(this.ledger.open(opened), payload));
        return;
      case "cancelled_waiting":
        this.#enqueue(opened, payload, { in: "1h", taskId: key }, random.int(0, 1_500));
        return;
      case "cancelled_running": {
        const ms = random.int(500, 2_500);
        this.#enqueue(opened, { ...payload, ms }, { taskId: key }, random.int(100, 1_500));
        return;
      }
    }
  }

  #enqueue(
    opened: Pick<TaskRequest, "key" | "kind" | "queue"> & Partial<TaskRequest>,
    payload: { key: string; ms: number; failures: number; blocks: boolean },
    options: EnqueueOptions,
    cancelInMs?: number,
  ): void {
    const request = this.ledger.open(opened);
    const answered = this.#answer(request, this.#client.enqueue(work, payload, { queue: opened.queue, ...options }));
    const cancelled = async (): Promise<void> => {
      await answered;
      if (cancelInMs === undefined) return;
      await delay(cancelInMs, undefined, { signal: this.#ended.signal }).catch(() => undefined);
      await this.#cancel(request);
    };
    this.#follow(cancelled());
  }

  /** The same id again and again until it is there: whatever gets lost on the way, it runs once. */
  async #insist(
    request: TaskRequest,
    payload: { key: string; ms: number; failures: number; blocks: boolean },
  ): Promise<void> {
    for (;;) {
      const options = { queue: request.queue, taskId: request.key, retention: "1h" } as const;
      await this.#answer(request, this.#client.enqueue(work, payload, options));
      if (request.state === "accepted") return;
      if (request.state === "refused" && request.error?.startsWith("task_id_taken") === true) {
        request.state = "accepted";
        request.id = request.key;
        return;
      }
      await delay(100);
    }
  }

  async #answer(request: TaskRequest, call: Promise<{ readonly id: string }>): Promise<void> {
    try {
      const { id } = await call;
      request.state = "accepted";
      request.id = id;
    } catch (error) {
      request.error = `${isHikyakuError(error) ? error.code : "thrown"}: ${errorText(error)}`;
      request.state = isSurelyAbsent(error) ? "refused" : "unknown";
      if (!(error instanceof HikyakuError)) throw error;
    }
    request.answeredAt = Date.now();
  }

  async #cancel(request: TaskRequest): Promise<"answered" | "store away"> {
    try {
      // Also where the answer was lost: those that are cancelled have a name.
      request.cancel = await this.#client.cancel({ queue: request.queue, id: request.key });
      return "answered";
    } catch (error) {
      request.cancel = "failed";
      return isStoreAway(error) ? "store away" : "answered";
    }
  }

  #follow(work: Promise<unknown>): void {
    const followed = work.finally(() => this.#underWay.delete(followed));
    this.#underWay.add(followed);
  }
}

/** The codes with which the store does not have the task, as the library promises. */
const surelyAbsent: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "task_exists",
  "task_id_taken",
  "broker_unavailable",
  "store_rejected",
]);

function isSurelyAbsent(error: unknown): boolean {
  if (!isHikyakuError(error) || error.message.includes("may have been")) return false;
  return surelyAbsent.has(error.code) || error.message.includes("was not enqueued");
}
