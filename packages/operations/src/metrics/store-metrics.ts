import { type Broker, Inspector, type QueueSummary, systemClock } from "hikyaku";
import { LiveFindings } from "../live-findings.ts";
import type { MetricFamily } from "./metric-family.ts";
import { type StoreReading, storeFamilies } from "./store-families.ts";

/** Scrapes in this time share one reading. */
const freshMs = 10_000;
/** How old a reading may be that is shown while the next one takes its time. */
const oldestMs = 60_000;
/** How long a scrape waits for the store. */
const answerMs = 800;
const readingMs = 10_000;
const mostQueues = 256;
const queuesAtOnce = 20;

/**
 * The metrics of a store. A reading costs some commands a queue, for 256 queues at most, and is shared for ten seconds
 * however many scrape. The store has 800 milliseconds to answer: a scrape never waits longer.
 */
export class StoreMetrics {
  readonly #broker: Broker;
  readonly #inspector: Inspector;
  readonly #findings: LiveFindings;
  #reading: Promise<void> | undefined;
  #last: { readonly reading: StoreReading; readonly at: number; readonly roundtripMs: number } | undefined;

  constructor(broker: Broker) {
    this.#broker = broker;
    this.#inspector = new Inspector({ broker });
    this.#findings = new LiveFindings(broker);
  }

  /** Never rejects: a store that does not answer is down, and has no numbers. */
  async families(): Promise<MetricFamily[]> {
    if (this.#ageMs > freshMs) await this.#readAnew();
    const last = this.#last;
    const isUp = this.#broker.reachability().reachable && last !== undefined && this.#ageMs <= oldestMs;
    const up: MetricFamily = {
      name: "hikyaku_store_up",
      type: "gauge",
      help: "Whether the store answers: 1 or 0. Without it there are no numbers of queues and servers.",
      samples: [{ labels: {}, value: isUp ? 1 : 0 }],
    };
    if (!isUp) return [up];
    return [
      up,
      {
        name: "hikyaku_store_reading_age_seconds",
        type: "gauge",
        help: "How old the numbers of queues and servers are.",
        samples: [{ labels: {}, value: Math.round(this.#ageMs) / 1_000 }],
      },
      {
        name: "hikyaku_store_roundtrip_seconds",
        type: "gauge",
        help: "How long the store took to answer a small call.",
        samples: [{ labels: { op: "ping" }, value: last.roundtripMs / 1_000 }],
      },
      ...storeFamilies(last.reading),
    ];
  }

  get #ageMs(): number {
    return this.#last === undefined ? Number.POSITIVE_INFINITY : performance.now() - this.#last.at;
  }

  /** Waits for the reading under way, but not for long. It goes on, and the next scrape finds it. */
  async #readAnew(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, answerMs);
    await Promise.race([this.#reading, late]);
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    const signal = AbortSignal.timeout(readingMs);
    try {
      const askedAt = performance.now();
      await this.#broker.ready({ signal });
      const roundtripMs = performance.now() - askedAt;
      const now = systemClock.now();
      const [names, { queues }, servers, findings] = await Promise.all([
        this.#broker.queues({ signal }),
        this.#inspector.queuePage({ limit: mostQueues }, { signal }),
        this.#inspector.servers({ signal }),
        this.#findings.get().catch(() => undefined),
      ]);
      const today = { resolution: "day", from: now, to: now + 1, types: "each" } as const;
      const [withMemory, rows] = await Promise.all([
        this.#withMemory(queues, signal),
        this.#broker.readStatistics({ ...today, queues: queues.map(({ queue }) => queue) }, { signal }),
      ]);
      const reading: StoreReading = {
        queues: withMemory,
        queuesLeftOut: Math.max(0, names.length - queues.length),
        servers,
        types: rows.map(({ queue, type = "" }) => ({ queue, type })),
        findings: findings?.findings,
      };
      this.#last = { reading, at: performance.now(), roundtripMs };
    } catch {
      // The last reading grows old, and then the store counts as down.
    }
  }

  async #withMemory(summaries: readonly QueueSummary[], signal: AbortSignal): Promise<StoreReading["queues"]> {
    const queues: StoreReading["queues"][number][] = [];
    for (let from = 0; from < summaries.length; from += queuesAtOnce) {
      const some = summaries.slice(from, from + queuesAtOnce);
      const memories = await Promise.all(some.map(({ queue }) => this.#broker.memory(queue, { signal })));
      for (const [index, summary] of some.entries()) {
        const memory = memories[index];
        queues.push({ summary, memoryBytes: memory?.kind === "estimate" ? memory.bytes : undefined });
      }
    }
    return queues;
  }
}
