import { METHODS } from "@hikyaku/contract";
import findMyWay from "find-my-way";
import { allowOf } from "./problems/other-method.ts";
import type { Route } from "./route.ts";

/** As long as the headers may be. The schemas say which ids are too long. */
const LONGEST_PARAM_CHARACTERS = 16_384;

/** What lies at an address. */
export type Found =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string | undefined>> }
  /** `allow`: the methods that it has, as the header of that name lists them. */
  | { readonly kind: "other_method"; readonly allow: string }
  /** Its percent signs are no escapes. */
  | { readonly kind: "malformed" }
  | { readonly kind: "nothing" };

/** Finds routes by method and path, with Fastify's own router, so that all mounts read an address alike. */
export class RouteFinder {
  readonly #router;
  readonly #routes = new Map<string, Route>();

  constructor(routes: readonly Route[]) {
    this.#router = findMyWay({ maxParamLength: LONGEST_PARAM_CHARACTERS, onBadUrl: () => undefined });
    for (const route of routes) {
      const { operationId, method, path } = route.endpoint;
      this.#routes.set(operationId, route);
      this.#router.on(method, colonPath(path), () => undefined, operationId);
      if (method === "GET") this.#router.on("HEAD", colonPath(path), () => undefined, operationId);
    }
  }

  /** The path begins with a slash and is still escaped. */
  find(method: string, path: string): Found {
    if (!isWellEscaped(path)) return { kind: "malformed" };
    const found = this.#at(method, path);
    if (found !== undefined) return found;
    const allowed = methodsWithHead.filter((other) => this.#at(other, path) !== undefined);
    return allowed.length === 0 ? { kind: "nothing" } : { kind: "other_method", allow: allowOf(allowed) };
  }

  #at(method: string, path: string): (Found & { readonly kind: "route" }) | undefined {
    const known = methodsWithHead.find((one) => one === method);
    const found = known === undefined ? null : this.#router.find(known, path);
    const route = found === null ? undefined : this.#routes.get(String(found.store));
    return found === null || route === undefined ? undefined : { kind: "route", route, params: found.params };
  }
}

const methodsWithHead = [...METHODS, "HEAD"] as const;

/** `/servers/:id/stop`, as routers write it. A colon of the path itself is doubled. */
export function colonPath(path: string): string {
  return path.replaceAll(":", "::").replaceAll(/\{(\w+)\}/g, ":$1");
}

function isWellEscaped(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
