import type { Server } from "node:http";
import { type AddressInfo, createServer, type Server as Door, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";

/** Where a server should listen, and what to call it and its settings when that fails. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Such as `the API server`. */
  readonly what: string;
  /** The key of the port in the settings, such as `server.port`. */
  readonly portKey: string;
}

/** The server could not listen; the message says why and what to do. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

/**
 * Listens and returns the address to open in a browser.
 * @throws ListenError when the port is taken or the host is not of this machine.
 */
export async function listen(app: FastifyInstance, { host, port, what, portKey }: Place): Promise<string> {
  const doors: Door[] = [];
  hangUpWhenClosing(app, doors);
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `${what} listens on ${address}` });
    if (host === "localhost") doors.push(await listenOnOtherLoopback(app.server));
  } catch (error) {
    throw new ListenError(`${what} cannot listen on ${inAddress(host)}:${port}: ${reasonOf(error, portKey)}`, {
      cause: error,
    });
  }
  const address = app.server.address();
  const boundPort = typeof address === "object" && address !== null ? address.port : port;
  return `http://${browsableHost(host)}:${boundPort}`;
}

/**
 * Stops listening, lets requests under way finish until `timeoutMs`, then cuts the rest. Open but idle connections hold
 * up nothing.
 */
export async function closeWithin(app: FastifyInstance, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), timeoutMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

/**
 * `localhost` is two addresses on most machines, and the client chooses which one it takes. The other address gets a
 * port of its own; the same server takes its connections. Does nothing when that address is not there, or taken.
 */
async function listenOnOtherLoopback(server: Server): Promise<Door> {
  const bound = server.address() as AddressInfo;
  const door = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit("connection", socket));
  const host = bound.family === "IPv6" ? "127.0.0.1" : "::1";
  await new Promise<void>((resolve) => {
    door.on("error", () => resolve());
    door.listen({ host, port: bound.port }, resolve);
  });
  return door;
}

/**
 * When the server closes, hangs up connections on which nothing is under way. Node.js and Fastify do so only for
 * connections that are idle at that moment. They miss those that never sent a request (browsers open some ahead of
 * time), and those whose last answer is still on its way.
 */
function hangUpWhenClosing(app: FastifyInstance, doors: readonly Door[]): void {
  const silent = new Set<Socket>();
  let closing = false;
  app.server.on("connection", (socket: Socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
  });
  app.server.on("request", (request, response) => {
    silent.delete(request.socket);
    // Only after the answer's last event does Node.js count its connection as idle.
    response.once("close", () => closing && setImmediate(() => app.server.closeIdleConnections()));
  });
  app.addHook("preClose", async () => {
    closing = true;
    for (const door of doors) door.close();
    for (const socket of silent) socket.destroy();
  });
}

function reasonOf(error: unknown, portKey: string): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const variable = `HIKYAKU__${portKey.replaceAll(".", "__").toUpperCase()}`;
  switch (code) {
    case "EADDRINUSE":
      return `the port is taken by another process; stop that one, or choose another port with ${portKey} or ${variable}`;
    case "EACCES":
      return `this user may not use the port; choose one from 1024 up with ${portKey} or ${variable}`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return "the host is none of this machine's; use 127.0.0.1 for this machine only, 0.0.0.0 for all networks";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function browsableHost(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "localhost" : inAddress(host);
}

function inAddress(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
