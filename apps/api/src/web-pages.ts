import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import fastifyStatic from "@fastify/static";
import { RequestProblem } from "@hikyaku/operations/problems";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isUnder, isUnderApi } from "./api-path.ts";

/** The addresses of the web application's pages; it shows the right one by itself. */
const WEB_PAGES = ["/", "/dm-jobqueue", "/dm-jobqueue/jobs/:id"] as const;

const INDEX = "index.html";
const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hikyaku: the pages are not built</title>
<h1>The pages are not built yet</h1>
<p>Run <code>npm run build</code> in the project's folder, then load this page again. <code>npm start</code> does it by itself.</p>
<p>The API is running: see <a href="/docs">its documentation</a>.</p>
</html>
`;

/**
 * Serves the built web application. Its pages are always fresh. Its assets carry a hash in their names and are cached
 * for ever.
 */
export async function serveWebPages(app: FastifyInstance, webRoot: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: webRoot,
    index: false,
    cacheControl: false,
    setHeaders: (reply, path) => {
      reply.header("Cache-Control", cacheControlOf(path, webRoot));
    },
  });
  for (const page of WEB_PAGES) {
    app.get(page, { schema: { hide: true } }, (_request, reply) => sendIndex(reply, webRoot, 200));
  }
}

/**
 * The answer to an unknown address: a problem for programs, the application's own page for people. The page itself
 * knows which addresses are its. So the status is 200 when the address may be a page's, and 404 when a file is missing.
 */
export function sendNotFound(request: FastifyRequest, reply: FastifyReply, webRoot: string): FastifyReply {
  const wantsPage = ["GET", "HEAD"].includes(request.method) && (request.headers.accept ?? "").includes("text/html");
  if (wantsPage && !isUnderApi(request)) return sendIndex(reply, webRoot, mayBePage(request) ? 200 : 404);
  throw notFound(request);
}

/**
 * Files lie in their folders, or have a name with a dot at the top. Deeper down a dot belongs to an id or a name: any
 * text can be one.
 */
function mayBePage(request: FastifyRequest): boolean {
  if (["/assets", "/docs"].some((folder) => isUnder(request, folder))) return false;
  const path = (request.raw.url ?? "").split(/[?#]/, 1)[0] ?? "";
  return !/^\/(?:\.|[^/]*\.[^/]*$)/.test(path);
}

export function notFound(request: FastifyRequest): RequestProblem {
  const path = (request.raw.url ?? "").split("?", 1)[0] ?? "";
  const shown = path.length <= 200 ? path : `${path.slice(0, 200)}…`;
  return new RequestProblem("not_found", `There is nothing at ${shown}; /docs lists what there is.`);
}

function sendIndex(reply: FastifyReply, webRoot: string, status: number): FastifyReply {
  if (existsSync(join(webRoot, INDEX))) return reply.code(status).sendFile(INDEX);
  return reply.code(503).header("Cache-Control", "no-store").type("text/html; charset=utf-8").send(NOT_BUILT);
}

function cacheControlOf(path: string, webRoot: string): string {
  if (path.endsWith(".html")) return "no-cache";
  if (path.startsWith(join(webRoot, "assets") + sep)) return "public, max-age=31536000, immutable";
  return "public, max-age=3600";
}
