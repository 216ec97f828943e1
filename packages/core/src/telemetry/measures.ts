import type { Attributes, Counter, Histogram, Meter } from "@opentelemetry/api";
import type { Conventions } from "./conventions.ts";

/** The buckets that the conventions name, in seconds. They end at 10, which many tasks exceed. */
const conventionalSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const runSeconds = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 1_800, 3_600, 14_400, 43_200, 86_400];

/** The metrics of both operations, under the names that are asked for. */
export class Measures {
  readonly #sent: readonly Counter[];
  readonly #sendSeconds: readonly Histogram[];
  readonly #consumed: readonly Counter[];
  readonly #processSeconds: readonly Histogram[];
  readonly #runSeconds: Histogram;

  constructor(meter: Meter, conventions: Conventions) {
    const named = <Made>(old: string, modern: string, make: (name: string) => Made): Made[] => [
      ...(conventions === "new" ? [] : [make(old)]),
      ...(conventions === "old" ? [] : [make(modern)]),
    ];
    const counter = (description: string) => (name: string) =>
      meter.createCounter(name, { unit: "{message}", description });
    const seconds = (description: string) => (name: string) =>
      meter.createHistogram(name, {
        unit: "s",
        description,
        advice: { explicitBucketBoundaries: conventionalSeconds },
      });
    this.#sent = named(
      "messaging.publish.messages",
      "messaging.client.sent.messages",
      counter("Tasks that were sent to the store"),
    );
    this.#sendSeconds = named(
      "messaging.publish.duration",
      "messaging.client.operation.duration",
      seconds("How long an enqueue took"),
    );
    this.#consumed = named(
      "messaging.deliver.messages",
      "messaging.client.consumed.messages",
      counter("Tasks that were handed to a handler"),
    );
    this.#processSeconds = named(
      "messaging.deliver.duration",
      "messaging.process.duration",
      seconds("How long a handler ran"),
    );
    this.#runSeconds = meter.createHistogram("hikyaku.task.run.duration", {
      unit: "s",
      description: "How long a handler ran, up to a day",
      advice: { explicitBucketBoundaries: runSeconds },
    });
  }

  sent(tasks: number, seconds: number, attributes: Attributes): void {
    for (const counter of this.#sent) counter.add(tasks, attributes);
    for (const histogram of this.#sendSeconds) histogram.record(seconds, attributes);
  }

  processed(type: string, seconds: number, attributes: Attributes): void {
    for (const counter of this.#consumed) counter.add(1, attributes);
    for (const histogram of this.#processSeconds) histogram.record(seconds, attributes);
    this.#runSeconds.record(seconds, { ...attributes, "hikyaku.task.type": type });
  }
}
