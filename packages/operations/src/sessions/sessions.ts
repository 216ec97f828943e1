import { SCOPES, type Scope } from "@hikyaku/contract";
import { type Broker, type Duration, durationMs, HikyakuError } from "hikyaku";
import type { Identity } from "../access/request-head.ts";
import { randomText, secretDigest } from "../access/secret-digest.ts";
import type { Session } from "../presenters/session.ts";

type SessionStore = Pick<Broker, "putRecords" | "getRecords" | "removeRecords" | "listRecords">;

export interface SessionsOptions {
  readonly broker: SessionStore;
  /** How long a session holds at most, whatever is done in it. Default: 12 hours; at most 30 days. */
  readonly longest?: Duration;
  /** Whether browsers send the cookie over HTTPS alone. Default: true. */
  readonly secure?: boolean;
  /** Default: the machine's clock. */
  readonly now?: () => number;
}

interface StoredSession {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly queues: readonly string[] | null;
  readonly createdAt: number;
  readonly endsAt: number;
  readonly from: string | null;
  /** The key that it was begun with: it ends with it. */
  readonly keyId: string | null;
}

const collection = "sessions";
const cookieName = "hikyaku_session";
const cookiePattern = /^hs_[A-Za-z0-9]{43}$/;
const idPattern = /^[0-9a-f]{64}$/;
const longestMs = 30 * 86_400_000;
const storeMs = 2_000;
/** Less than a second, within which everything is answered while the store hangs. */
const lookMs = 800;

/**
 * Sessions of browsers, kept in the store: the cookie holds a random text, and only its SHA-256 lies there. A session ends at
 * its moment, when it is revoked, and with the key that it was begun with.
 */
export class Sessions {
  readonly #broker: SessionStore;
  readonly #longestMs: number;
  readonly #secure: boolean;
  readonly #now: () => number;

  /** @throws HikyakuError `invalid_option`. */
  constructor({ broker, longest = "12h", secure = true, now = Date.now }: SessionsOptions) {
    this.#broker = broker;
    this.#longestMs = durationMs("longest", longest);
    if (this.#longestMs < 1 || this.#longestMs > longestMs) {
      throw new HikyakuError("invalid_option", 'option "longest": expected more than 0 and at most 30 days');
    }
    this.#secure = secure;
    this.#now = now;
  }

  /**
   * Begins a session for whoever has shown who it is. `cookie` is the header `Set-Cookie`.
   * @throws HikyakuError `wrong_state` when the store holds 10,000.
   */
  async begin(
    { name, scopes, queues, keyId }: Identity,
    from: string | undefined,
  ): Promise<{ readonly session: Session; readonly cookie: string }> {
    const secret = `hs_${randomText(43)}`;
    const id = secretDigest(secret);
    const createdAt = this.#now();
    const endsAt = createdAt + this.#longestMs;
    const stored: StoredSession = {
      name: name ?? from ?? "somebody",
      scopes,
      queues: queues ?? null,
      createdAt,
      endsAt,
      from: from ?? null,
      keyId: keyId ?? null,
    };
    const put = { id, value: JSON.stringify(stored), expected: "absent", endsAt } as const;
    const [outcome] = await this.#broker.putRecords(collection, [put], { timeoutMs: storeMs });
    if (outcome?.kind !== "written") {
      throw new HikyakuError("wrong_state", "expected room for another session; the store holds 10,000: end some");
    }
    return { session: sessionOf(id, stored), cookie: this.#cookie(secret, Math.floor(this.#longestMs / 1_000)) };
  }

  /** The header `Set-Cookie` that takes the cookie away. */
  get noCookie(): string {
    return this.#cookie("", 0);
  }

  /**
   * The session of a `Cookie` header, with the key that it was begun with. Undefined when there is none, or it has ended.
   * @throws HikyakuError when the store does not say.
   */
  async find(
    cookieHeader: string | undefined,
  ): Promise<{ readonly session: Session; readonly keyId: string | undefined } | undefined> {
    const secret = cookieOf(cookieHeader);
    if (secret === undefined) return undefined;
    const id = secretDigest(secret);
    const [record] = await this.#broker.getRecords(collection, [id], { timeoutMs: lookMs });
    const stored = record && storedOf(record.value);
    if (stored === undefined || stored.endsAt <= this.#now()) return undefined;
    return { session: sessionOf(id, stored), keyId: stored.keyId ?? undefined };
  }

  /** A page of sessions, by id. */
  async list(
    limit: number,
    cursor?: string,
  ): Promise<{ readonly sessions: readonly Session[]; readonly next: string | undefined }> {
    const query = { collection, limit, order: "ascending", ...(cursor !== undefined && { cursor }) } as const;
    const { records, nextCursor } = await this.#broker.listRecords(query, { timeoutMs: storeMs });
    const sessions = records.map(({ id, value }) => {
      const stored = storedOf(value);
      return stored === undefined ? undefined : sessionOf(id, stored);
    });
    return { sessions: sessions.filter((session) => session !== undefined), next: nextCursor };
  }

  async end(id: string): Promise<"ended" | "not_found"> {
    if (!idPattern.test(id)) return "not_found";
    const removal = [{ id, expected: "any" }] as const;
    const [outcome] = await this.#broker.removeRecords(collection, removal, { timeoutMs: storeMs });
    return outcome?.kind === "removed" ? "ended" : "not_found";
  }

  #cookie(value: string, seconds: number): string {
    const parts = [`${cookieName}=${value}`, "Path=/", `Max-Age=${seconds}`, "HttpOnly", "SameSite=Strict"];
    return [...parts, ...(this.#secure ? ["Secure"] : [])].join("; ");
  }
}

/** Undefined also when the name comes twice: somebody else may have set one of them. */
function cookieOf(header: string | undefined): string | undefined {
  const values = (header ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${cookieName}=`))
    .map((pair) => pair.slice(cookieName.length + 1));
  const [value, second] = values;
  return value !== undefined && second === undefined && cookiePattern.test(value) ? value : undefined;
}

function sessionOf(id: string, { name, scopes, queues, createdAt, endsAt, from }: StoredSession): Session {
  return {
    id,
    name,
    scopes,
    queues: queues ?? undefined,
    createdAt: new Date(createdAt),
    endsAt: new Date(endsAt),
    from: from ?? undefined,
  };
}

/** Undefined for a record that is no session's: it opens nothing. */
function storedOf(value: string): StoredSession | undefined {
  try {
    const stored = JSON.parse(value) as Partial<Record<keyof StoredSession, unknown>> | null;
    if (typeof stored !== "object" || stored === null) return undefined;
    const { name, scopes, queues, createdAt, endsAt, from, keyId } = stored;
    const isFine =
      typeof name === "string" &&
      Array.isArray(scopes) &&
      scopes.every((scope) => SCOPES.some((known) => known === scope)) &&
      (queues === null || (Array.isArray(queues) && queues.every((queue) => typeof queue === "string"))) &&
      typeof createdAt === "number" &&
      typeof endsAt === "number" &&
      [from, keyId].every((text) => text === null || typeof text === "string");
    return isFine ? (stored as StoredSession) : undefined;
  } catch {
    return undefined;
  }
}
