import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface HttpLoad {
  readonly answers: number;
  readonly perSecond: number;
  /** Milliseconds from sending a request to the end of its answer. */
  readonly p50: number;
  readonly p99: number;
}

export interface HttpCallerOptions {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const headEnd = Buffer.from("\r\n\r\n");

/**
 * Sends one request again and again, over connections that stay open, with as little work as can be: on two cores a client
 * takes its time from the server. Any answer but 2xx fails the run.
 */
export class HttpCaller {
  readonly #port: number;
  readonly #request: Buffer;

  constructor({ port, path, headers = {}, body }: HttpCallerOptions) {
    const text = JSON.stringify(body);
    const lines = [
      `POST ${path} HTTP/1.1`,
      "Host: 127.0.0.1",
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(text)}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    this.#port = port;
    this.#request = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${text}`);
  }

  /** Each connection sends its next request when it has the answer to the one before. */
  async load(connections: number, seconds: number): Promise<HttpLoad> {
    const took: number[] = [];
    const start = performance.now();
    const endsAt = start + seconds * 1_000;
    await Promise.all(Array.from({ length: connections }, () => this.#connection(endsAt, took)));
    const elapsed = (performance.now() - start) / 1_000;
    took.sort((a, b) => a - b);
    const at = (share: number): number => took[Math.floor((took.length - 1) * share)] ?? Number.NaN;
    return { answers: took.length, perSecond: took.length / elapsed, p50: at(0.5), p99: at(0.99) };
  }

  async #connection(endsAt: number, took: number[]): Promise<void> {
    const socket: Socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let sentAt = performance.now();
    let left = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
      const end = left.indexOf(headEnd);
      if (end < 0) return;
      const head = left.subarray(0, end).toString("latin1");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (left.length < end + headEnd.length + length) return;
      if (!/^HTTP\/1\.1 2/.test(head)) {
        reject(new Error(`expected a good answer, got ${left.toString()}`));
        return;
      }
      left = Buffer.alloc(0);
      const now = performance.now();
      took.push(now - sentAt);
      if (now >= endsAt) resolve();
      else {
        sentAt = now;
        socket.write(this.#request);
      }
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("expected the server to keep the connection open")));
    socket.write(this.#request);
    try {
      await promise;
    } finally {
      socket.destroy();
    }
  }
}
