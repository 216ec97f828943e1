import { tellAll } from "../../runtime/guarded-call.ts";
import type { CallOptions } from "../call-options.ts";
import { readOrder } from "../order-check.ts";
import type { HeardSignal, Signal, SignalFacet } from "../signal-facet.ts";
import {
  cancelChannel,
  cancelInQueueChannel,
  controlChannel,
  dueSoonerChannel,
  schedulesChannel,
  watchedChannel,
} from "./keys.ts";
import type { RedisContext } from "./redis-context.ts";
import { runCommand } from "./run-script.ts";
import type { Connection } from "./wire/connection.ts";
import type { Links } from "./wire/links.ts";

export class RedisSignals implements SignalFacet {
  readonly #context: RedisContext;
  readonly #links: Links;
  readonly #handlers = new Set<(signal: HeardSignal) => void>();
  #listening: Connection | undefined;

  constructor(context: RedisContext, links: Links) {
    this.#context = context;
    this.#links = links;
  }

  async send(signal: Signal, call?: CallOptions): Promise<void> {
    const [channel, message] = written(signal);
    await runCommand(this.#context.connection, ["PUBLISH", channel, message], call);
  }

  listen(handler: (signal: HeardSignal) => void): () => void {
    this.#handlers.add(handler);
    this.#listening ??= this.#startListening();
    return () => void this.#handlers.delete(handler);
  }

  close(): void {
    this.#handlers.clear();
    this.#listening?.close();
  }

  #startListening(): Connection {
    const connection = this.#links.listening();
    // Before Asynq's channel: a server that is seen to listen there then listens to both.
    connection.subscribe(cancelInQueueChannel, (message) => {
      const signal = readCancelInQueue(message);
      if (signal !== undefined) this.#tell(signal);
    });
    connection.subscribe(cancelChannel, (message) => this.#tell({ kind: "cancel", taskId: message.toString() }));
    connection.subscribe(dueSoonerChannel, (message) => {
      const [, at, queue] = /^(\d+) (.*)$/s.exec(message.toString()) ?? [];
      if (at !== undefined && queue !== undefined) this.#tell({ kind: "due_sooner", queue, at: Number(at) });
    });
    connection.subscribe(controlChannel, (message) => {
      const order = readOrder(message.toString());
      if (order !== undefined) this.#tell({ kind: "server_order", order });
    });
    connection.subscribe(schedulesChannel, () => this.#tell({ kind: "schedules_changed" }));
    connection.subscribe(watchedChannel, () => this.#tell({ kind: "watched" }));
    connection.onListening(() => this.#tell({ kind: "listening" }));
    return connection;
  }

  #tell(signal: HeardSignal): void {
    tellAll(this.#handlers, signal, "a listener of signals");
  }
}

function written(signal: Signal): readonly [channel: string, message: string] {
  switch (signal.kind) {
    case "cancel":
      if (signal.queue === undefined) return [cancelChannel, signal.taskId];
      return [cancelInQueueChannel, `${Buffer.byteLength(signal.queue)} ${signal.queue}${signal.taskId}`];
    case "due_sooner":
      return [dueSoonerChannel, `${Math.ceil(signal.at)} ${signal.queue}`];
    case "schedules_changed":
      return [schedulesChannel, ""];
    case "watched":
      return [watchedChannel, ""];
    case "server_order":
      return [controlChannel, JSON.stringify(signal.order)];
  }
}

function readCancelInQueue(message: Buffer): Signal | undefined {
  const [head, digits] = /^(\d+) /.exec(message.toString("latin1")) ?? [];
  if (head === undefined) return undefined;
  const idAt = head.length + Number(digits);
  if (idAt > message.length) return undefined;
  return {
    kind: "cancel",
    queue: message.subarray(head.length, idAt).toString(),
    taskId: message.subarray(idAt).toString(),
  };
}
