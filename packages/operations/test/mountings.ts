import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { nodeHandler, type Operations, operationsPlugin, webHandler } from "../src/index.ts";

/** A server that the operations are mounted in, below a prefix of its own. */
export interface Mounting {
  /** As `fetch`, with a path below the prefix. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** The same for what lies beside the prefix. */
  askBeside(path: string): Promise<Response>;
  close(): Promise<void>;
}

const prefix = "/queue/v1";

async function listening(server: Server): Promise<Mounting> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    ask: (path, init) => fetch(`${origin}${prefix}${path}`, init),
    askBeside: (path) => fetch(`${origin}${path}`),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answering(answer: (request: Request) => Response | Promise<Response>): Mounting {
  const origin = "http://127.0.0.1:3000";
  return {
    ask: async (path, init) => answer(new Request(`${origin}${prefix}${path}`, init)),
    askBeside: async (path) => answer(new Request(`${origin}${path}`)),
    close: () => Promise.resolve(),
  };
}

/** Every way that the package promises to be mounted in, by name. */
export const mountings: Readonly<Record<string, (operations: Operations) => Promise<Mounting>>> = {
  Fastify: async (operations) => {
    const app = fastify();
    await app.register(operationsPlugin, { prefix, operations });
    await app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const origin = `http://127.0.0.1:${port}`;
    return {
      ask: (path, init) => fetch(`${origin}${prefix}${path}`, init),
      askBeside: (path) => fetch(`${origin}${path}`),
      close: async () => {
        app.server.closeAllConnections();
        await app.close();
      },
    };
  },
  "plain Node": (operations) => listening(createServer(nodeHandler(operations, { prefix }))),
  "Express 5": (operations) => {
    const app = express();
    app.use(prefix, nodeHandler(operations));
    return listening(createServer(app));
  },
  "Express 5 behind its own body parser": (operations) => {
    const app = express();
    app.use(express.json({ limit: "2mb" }), express.urlencoded());
    app.use(prefix, nodeHandler(operations));
    return listening(createServer(app));
  },
  "middleware with a prefix, as in NestJS": (operations) => {
    const app = express();
    app.use(nodeHandler(operations, { prefix }));
    app.get("/own", (_request, response) => {
      response.send("own");
    });
    return listening(createServer(app));
  },
  "a route handler of the web, as in Next.js": async (operations) => answering(webHandler(operations, { prefix })),
  Hono: async (operations) => {
    const app = new Hono();
    app.mount(prefix, webHandler(operations));
    return answering((request) => app.fetch(request));
  },
};
