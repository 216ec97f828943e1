import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

export interface SlowProxy {
  readonly port: number;
  close(): Promise<void>;
}

/** A TCP proxy on loopback that holds every answer back for `delayMs`: what a server one network hop away costs. */
export async function startSlowProxy(targetPort: number, delayMs: number): Promise<SlowProxy> {
  const server: Server = createServer((client) => {
    const target = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    client.setNoDelay(true);
    client.pipe(target);
    target.on("data", (chunk) => setTimeout(() => client.write(chunk), delayMs));
    for (const [side, other] of [
      [client, target],
      [target, client],
    ] as const) {
      side.on("error", () => other.destroy());
      side.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return {
    port: address.port,
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
}
