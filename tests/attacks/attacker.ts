import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connections that behave as no client should. */
export class Attacker {
  readonly #port: number;
  readonly #from: string;
  readonly #sockets = new Set<Socket>();

  constructor(port: number, from: string) {
    this.#port = port;
    this.#from = from;
  }

  /** A connection that sends this and never reads what comes, unless told to. */
  async open(bytes: string | Buffer = "", { reads = false, from = this.#from } = {}): Promise<Socket> {
    const socket = connect({ port: this.#port, host: "127.0.0.1", localAddress: from });
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    if (reads) socket.resume();
    else socket.pause();
    await Promise.race([once(socket, "connect"), once(socket, "close")]);
    if (bytes.length > 0 && socket.writable) socket.write(bytes);
    return socket;
  }

  openMany(count: number, bytes: string | Buffer = "", options: { readonly reads?: boolean } = {}): Promise<Socket[]> {
    return Promise.all(Array.from({ length: count }, () => this.open(bytes, options)));
  }

  /** As `openMany`, so many from each of several addresses of this machine. */
  async openFromMany(addresses: number, count: number, bytes: string | Buffer = ""): Promise<void> {
    const all = Array.from({ length: addresses * count }, (_, index) => `127.0.2.${1 + (index % addresses)}`);
    await Promise.all(all.map((from) => this.open(bytes, { from })));
  }

  /** Sends what it is given and resolves with all that comes until the other side hangs up, or `withinMs` are over. */
  async exchange(bytes: string | Buffer, withinMs = 5_000): Promise<string> {
    const socket = await this.open(bytes, { reads: true });
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    const timer = setTimeout(() => socket.destroy(), withinMs);
    if (!socket.closed) await once(socket, "close");
    clearTimeout(timer);
    return Buffer.concat(parts).toString();
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }
}
