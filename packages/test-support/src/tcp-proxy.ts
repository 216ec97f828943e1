import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A road to a server of a test that can be broken in all the ways that roads break. */
export interface TcpProxy {
  readonly port: number;
  /** How many connections are open through it. */
  readonly connections: number;
  /** Ends all connections as a crash would; new ones are let through. */
  cut(): void;
  /**
   * Lets the next request whose bytes hold this text through and cuts its connection when the answer comes back. The
   * answer is swallowed. Resolves when that has happened.
   */
  cutAnswerTo(text: string): Promise<void>;
  /** Holds every answer back: connections stay open, requests get through, nothing comes back. */
  holdAnswers(): void;
  /** Holds everything back, both ways, as a network that swallows packets does. */
  freeze(): void;
  /** Lets everything through again, what was held back first. */
  release(): void;
  /** Delivers every answer this much later. */
  delayAnswers(byMs: number): void;
  /** Accepts no connections (true), or accepts them again (false); open ones stay. */
  refuse(refuses: boolean): void;
  close(): Promise<void>;
}

interface Road {
  readonly client: Socket;
  readonly server: Socket;
  /** Set while the next answer on it is to be swallowed. */
  onAnswer: (() => void) | undefined;
  /** Answers that are on their way late, in their order, and when each is to arrive. */
  readonly late: { readonly at: number; readonly chunk: Buffer }[];
}

/** Starts a proxy on loopback in front of a port of this machine; a function is asked for it at each new connection. */
export async function startTcpProxy(target: number | (() => number)): Promise<TcpProxy> {
  const roads = new Set<Road>();
  const timers = new Set<NodeJS.Timeout>();
  let held: (() => void)[] = [];
  let mode: "open" | "answers_held" | "frozen" = "open";
  let delayMs = 0;
  let refuses = false;
  let watched: { readonly text: string; readonly resolve: () => void } | undefined;

  const end = (road: Road): void => {
    roads.delete(road);
    road.client.destroy();
    road.server.destroy();
  };
  const pass = (to: Socket, chunk: Buffer): void => {
    if (!to.destroyed) to.write(chunk);
  };
  const onRequest = (road: Road, chunk: Buffer): void => {
    if (watched !== undefined && chunk.includes(watched.text)) {
      const { resolve } = watched;
      watched = undefined;
      road.onAnswer = resolve;
    }
    if (mode === "frozen") held.push(() => pass(road.server, chunk));
    else pass(road.server, chunk);
  };
  const deliverLate = (road: Road): void => {
    const [next] = road.late;
    if (next === undefined) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        road.late.shift();
        pass(road.client, next.chunk);
        deliverLate(road);
      },
      Math.max(0, next.at - performance.now()),
    );
    timers.add(timer);
  };
  const onAnswer = (road: Road, chunk: Buffer): void => {
    if (road.onAnswer !== undefined) {
      end(road);
      road.onAnswer();
    } else if (mode !== "open") {
      held.push(() => pass(road.client, chunk));
    } else if (delayMs > 0 || road.late.length > 0) {
      // What comes after a late answer is no earlier than that, also when delays get shorter: bytes keep their order.
      road.late.push({ at: performance.now() + delayMs, chunk });
      if (road.late.length === 1) deliverLate(road);
    } else {
      pass(road.client, chunk);
    }
  };

  const listener = createServer((client) => {
    if (refuses) {
      client.destroy();
      return;
    }
    const port = typeof target === "number" ? target : target();
    const server = connect({ port, host: "127.0.0.1" });
    const road: Road = { client, server, onAnswer: undefined, late: [] };
    roads.add(road);
    client.on("data", (chunk: Buffer) => onRequest(road, chunk));
    server.on("data", (chunk: Buffer) => onAnswer(road, chunk));
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => end(road));
      socket.on("close", () => end(road));
    }
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");

  return {
    port: address.port,
    get connections() {
      return roads.size;
    },
    cut() {
      for (const road of [...roads]) end(road);
    },
    cutAnswerTo: (text) =>
      new Promise((resolve) => {
        watched = { text, resolve };
      }),
    holdAnswers() {
      mode = "answers_held";
    },
    freeze() {
      mode = "frozen";
    },
    release() {
      mode = "open";
      for (const deliver of held) deliver();
      held = [];
    },
    delayAnswers(byMs) {
      delayMs = byMs;
    },
    refuse(value) {
      refuses = value;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const road of [...roads]) end(road);
      listener.close();
      await once(listener, "close");
    },
  };
}
