import type { Clock } from "../runtime/clock.ts";
import type { Broker } from "./broker.ts";
import type { EnqueueItem, EnqueueOutcome } from "./enqueue-facet.ts";
import type { EventFacet } from "./event-facet.ts";
import type { EventOutbox } from "./event-outbox.ts";
import { finishedOutcomes } from "./heard-calls.ts";
import { enqueuedEvent, type QueueEvent, serverEvent, settledEvent } from "./queue-event.ts";
import type { HeardSignal } from "./signal-facet.ts";

type Calls = Pick<
  Broker,
  | "enqueue"
  | "finish"
  | "fireTurn"
  | "settle"
  | "announce"
  | "withdraw"
  | "order"
  | "listen"
  | "send"
  | "watch"
  | "readEvents"
>;
type Args<Name extends keyof Calls> = Parameters<Calls[Name]>;

/** Tells the watchers of one broker's calls. Whoever makes such a call has its events told, whatever it is. */
export class ToldCalls implements Omit<Calls, "send">, EventFacet {
  readonly #calls: Calls;
  readonly #outbox: EventOutbox;
  readonly #clock: Clock;
  /** Servers that have announced themselves through this broker. */
  readonly #announced = new Set<string>();

  constructor(calls: Calls, outbox: EventOutbox, clock: Clock) {
    this.#calls = calls;
    this.#outbox = outbox;
    this.#clock = clock;
  }

  mayBeWatched(): boolean {
    return this.#outbox.mayBeWatched();
  }

  tell(event: QueueEvent): void {
    this.#outbox.tell(event);
  }

  readEvents(...args: Args<"readEvents">): ReturnType<Calls["readEvents"]> {
    return this.#calls.readEvents(...args);
  }

  enqueue(...args: Args<"enqueue">): ReturnType<Calls["enqueue"]> {
    const answer = this.#calls.enqueue(...args);
    if (!this.#outbox.mayBeWatched()) return answer;
    return this.#when(answer, (outcomes) => this.#enqueued(args[0], outcomes));
  }

  finish(...args: Args<"finish">): ReturnType<Calls["finish"]> {
    const answer = this.#calls.finish(...args);
    const [, item] = args;
    if (item === undefined || !this.#outbox.mayBeWatched()) return answer;
    return this.#when(answer, (finished) => this.#enqueued([item], finishedOutcomes(finished) ?? []));
  }

  fireTurn(...args: Args<"fireTurn">): ReturnType<Calls["fireTurn"]> {
    const answer = this.#calls.fireTurn(...args);
    if (!this.#outbox.mayBeWatched()) return answer;
    return this.#when(answer, (fired) => {
      if (fired.kind === "fired") this.#enqueued([args[0].item], [fired.outcome]);
    });
  }

  settle(...args: Args<"settle">): ReturnType<Calls["settle"]> {
    const answer = this.#calls.settle(...args);
    const [settlements] = args;
    if (settlements.length === 0 || !this.#outbox.mayBeWatched()) return answer;
    return this.#when(answer, ({ results }) => {
      const at = this.#clock.now();
      for (const [index, settlement] of settlements.entries()) {
        if (results[index] === "settled") this.#outbox.tell(settledEvent(settlement, at));
      }
    });
  }

  announce(...args: Args<"announce">): ReturnType<Calls["announce"]> {
    const answer = this.#calls.announce(...args);
    const [server] = args;
    // In the same turn of the event loop, so that it goes with the announcement.
    void this.#outbox.look();
    if (this.#announced.has(server.serverId)) return answer;
    return this.#when(answer, () => {
      this.#announced.add(server.serverId);
      this.#outbox.tell(serverEvent("server_came", server, this.#clock.now()));
    });
  }

  withdraw(...args: Args<"withdraw">): ReturnType<Calls["withdraw"]> {
    const [server] = args;
    return this.#when(this.#calls.withdraw(...args), () => {
      this.#announced.delete(server.serverId);
      this.#outbox.tell(serverEvent("server_went", server, this.#clock.now()));
    });
  }

  order(...args: Args<"order">): ReturnType<Calls["order"]> {
    const [{ serverId, kind, by, reason }] = args;
    return this.#when(this.#calls.order(...args), () => {
      const why = reason === undefined ? {} : { reason };
      this.#outbox.tell({ kind: "server_told", at: this.#clock.now(), serverId, order: kind, by, ...why });
    });
  }

  /** Whoever listens anyway learns of a new watcher at once. */
  listen(handler: (signal: HeardSignal) => void): () => void {
    return this.#calls.listen((signal) => {
      if (signal.kind !== "watched") return handler(signal);
      void this.#outbox.look();
    });
  }

  /** Calls others' attention to a new watcher, as well as may be. */
  async watch(...args: Args<"watch">): ReturnType<Calls["watch"]> {
    const answer = await this.#calls.watch(...args);
    if (answer === "began") {
      void this.#outbox.look();
      await this.#calls.send({ kind: "watched" }, args[1]).catch(() => undefined);
    }
    return answer;
  }

  #enqueued(items: readonly EnqueueItem[], outcomes: readonly EnqueueOutcome[]): void {
    const at = this.#clock.now();
    for (const [index, item] of items.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === "accepted") this.#outbox.tell(enqueuedEvent(item, outcome.state, at));
    }
  }

  #when<Answer>(answer: Promise<Answer>, told: (answer: Answer) => void): Promise<Answer> {
    // A failure is the caller's, who has the same promise.
    answer.then(told, () => undefined);
    return answer;
  }
}
