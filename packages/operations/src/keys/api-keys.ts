import type { Scope } from "@hikyaku/contract";
import { SCOPES } from "@hikyaku/contract";
import { type Broker, HikyakuError } from "hikyaku";
import { isSameSecret, randomText, secretDigest } from "../access/secret-digest.ts";
import type { ApiKey } from "../presenters/api-key.ts";

export interface NewApiKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly queues?: readonly string[] | undefined;
  readonly expiresAt?: Date | undefined;
  /** Who makes it. */
  readonly who: string;
}

type StoredKey = {
  readonly name: string;
  readonly digest: string;
  readonly scopes: readonly Scope[];
  readonly queues: readonly string[] | null;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt: number | null;
  readonly lastUsedAt: number | null;
};

interface Looked {
  readonly stored: StoredKey | undefined;
  readonly revision: number;
  readonly at: number;
}

const collection = "api_keys";
const keyPattern = /^hk_([A-Za-z0-9]{12})_[A-Za-z0-9]{43}$/;
/** How long a key that was looked up counts without another look: so long a revoked one may go on elsewhere. */
const lookedForMs = 5_000;
const mostLooked = 1_000;
const usedEveryMs = 60_000;
/** An expired key is still listed for so long. */
const listedForMs = 30 * 86_400_000;
const storeMs = 2_000;
/** Less than a second, within which everything is answered while the store hangs. */
const lookMs = 800;

/**
 * Keys for the operations, kept in the store: a key is shown once, and only its SHA-256 is kept. A revoked key ends at once
 * in this process, and within five seconds in others.
 */
export class ApiKeys {
  readonly #broker: Pick<Broker, "putRecords" | "getRecords" | "removeRecords" | "listRecords">;
  readonly #now: () => number;
  readonly #looked = new Map<string, Looked>();

  constructor(broker: Pick<Broker, "putRecords" | "getRecords" | "removeRecords" | "listRecords">, now = Date.now) {
    this.#broker = broker;
    this.#now = now;
  }

  /**
   * Makes a key. Nobody can show it again.
   * @throws HikyakuError `wrong_state` when the store holds 10,000.
   */
  async create({
    name,
    scopes,
    queues,
    expiresAt,
    who,
  }: NewApiKey): Promise<{ readonly key: string; readonly apiKey: ApiKey }> {
    const id = randomText(12);
    const key = `hk_${id}_${randomText(43)}`;
    const stored: StoredKey = {
      name,
      digest: secretDigest(key),
      scopes,
      queues: queues ?? null,
      createdAt: this.#now(),
      createdBy: who,
      expiresAt: expiresAt?.getTime() ?? null,
      lastUsedAt: null,
    };
    const [outcome] = await this.#broker.putRecords(collection, [putOf(id, stored, "absent")], { timeoutMs: storeMs });
    if (outcome?.kind !== "written") {
      throw new HikyakuError("wrong_state", "expected room for another key; the store holds 10,000: revoke some");
    }
    return { key, apiKey: apiKeyOf(id, stored) };
  }

  /** A page of keys, by id. */
  async list(
    limit: number,
    cursor?: string,
  ): Promise<{ readonly keys: readonly ApiKey[]; readonly next: string | undefined }> {
    const query = { collection, limit, order: "ascending", ...(cursor !== undefined && { cursor }) } as const;
    const { records, nextCursor } = await this.#broker.listRecords(query, { timeoutMs: storeMs });
    const keys = records.map(({ id, value }) => {
      const stored = storedOf(value);
      return stored === undefined ? undefined : apiKeyOf(id, stored);
    });
    return { keys: keys.filter((key) => key !== undefined), next: nextCursor };
  }

  async revoke(id: string): Promise<"revoked" | "not_found"> {
    if (!/^[A-Za-z0-9]{12}$/.test(id)) return "not_found";
    const removal = [{ id, expected: "any" }] as const;
    const [outcome] = await this.#broker.removeRecords(collection, removal, { timeoutMs: storeMs });
    this.#looked.delete(id);
    return outcome?.kind === "removed" ? "revoked" : "not_found";
  }

  /**
   * Whose key this is. Undefined for one that is unknown, revoked or expired.
   * @throws HikyakuError when the store does not say.
   */
  async find(key: string): Promise<ApiKey | undefined> {
    const id = keyPattern.exec(key)?.[1];
    if (id === undefined) return undefined;
    const looked = await this.#look(id);
    const { stored } = looked;
    if (stored === undefined || !isSameSecret(stored.digest, secretDigest(key))) return undefined;
    if (stored.expiresAt !== null && stored.expiresAt <= this.#now()) return undefined;
    this.#used(id, looked, stored);
    return apiKeyOf(id, stored);
  }

  /**
   * Whether the key of this id is there and has not expired.
   * @throws HikyakuError when the store does not say.
   */
  async holds(id: string): Promise<boolean> {
    const { stored } = await this.#look(id);
    return stored !== undefined && (stored.expiresAt === null || stored.expiresAt > this.#now());
  }

  async #look(id: string): Promise<Looked> {
    const now = this.#now();
    const known = this.#looked.get(id);
    if (known !== undefined && now - known.at < lookedForMs && now >= known.at) return known;
    const [record] = await this.#broker.getRecords(collection, [id], { timeoutMs: lookMs });
    const looked = { stored: record && storedOf(record.value), revision: record?.revision ?? 0, at: now };
    this.#looked.delete(id);
    const [oldest] = this.#looked.keys();
    if (this.#looked.size >= mostLooked && oldest !== undefined) this.#looked.delete(oldest);
    this.#looked.set(id, looked);
    return looked;
  }

  /** Notes the use, once a minute. Nobody waits for it, and it never brings back a key that was revoked meanwhile. */
  #used(id: string, { revision, at }: Looked, stored: StoredKey): void {
    const now = this.#now();
    if (stored.lastUsedAt !== null && now - stored.lastUsedAt < usedEveryMs) return;
    const used = { ...stored, lastUsedAt: now };
    this.#looked.set(id, { stored: used, revision, at });
    this.#broker.putRecords(collection, [putOf(id, used, revision)], { timeoutMs: storeMs }).catch(() => undefined);
  }
}

function putOf(id: string, stored: StoredKey, expected: "absent" | number) {
  const { expiresAt } = stored;
  return {
    id,
    value: JSON.stringify(stored),
    expected,
    ...(expiresAt !== null && { endsAt: expiresAt + listedForMs }),
  };
}

function apiKeyOf(id: string, stored: StoredKey): ApiKey {
  const dateOf = (ms: number | null): Date | undefined => (ms === null ? undefined : new Date(ms));
  return {
    id,
    name: stored.name,
    scopes: stored.scopes,
    queues: stored.queues ?? undefined,
    createdAt: new Date(stored.createdAt),
    createdBy: stored.createdBy,
    expiresAt: dateOf(stored.expiresAt),
    lastUsedAt: dateOf(stored.lastUsedAt),
  };
}

/** Undefined for a record that is no key's: it opens nothing. */
function storedOf(value: string): StoredKey | undefined {
  try {
    const stored = JSON.parse(value) as Partial<Record<keyof StoredKey, unknown>> | null;
    if (typeof stored !== "object" || stored === null) return undefined;
    const { name, digest, scopes, queues, createdAt, createdBy, expiresAt, lastUsedAt } = stored;
    const texts = [name, digest, createdBy].every((text) => typeof text === "string");
    const lists = isListOf(scopes, (scope) => SCOPES.some((known) => known === scope));
    const ofQueues = queues === null || isListOf(queues, (queue) => typeof queue === "string");
    const moments = [expiresAt, lastUsedAt].every((moment) => moment === null || typeof moment === "number");
    return texts && lists && ofQueues && moments && typeof createdAt === "number" ? (stored as StoredKey) : undefined;
  } catch {
    return undefined;
  }
}

function isListOf(value: unknown, fits: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(fits);
}
