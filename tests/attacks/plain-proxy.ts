import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A reverse proxy as people set it up in one line: it replaces the Host, and says nothing of itself or of who asks. */
export async function startPlainProxy(to: number): Promise<{ readonly port: number; stop(): void }> {
  const proxy = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, host: `127.0.0.1:${to}` };
    const { method, url: path } = incoming;
    const onwards = request({ host: "127.0.0.1", port: to, method, path, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onwards.on("error", () => outgoing.destroy());
    incoming.pipe(onwards);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    port: (proxy.address() as AddressInfo).port,
    stop: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
