import { type ApiKeyView, momentText, type Scope } from "@hikyaku/contract";
import { presentMoment } from "./moment.ts";

/** A key, without what makes it one. */
export interface ApiKey {
  /** Stands in the key itself, and tells keys apart. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The queues that it is for, each whole or the beginning of names with a `*` at its end. Undefined: all. */
  readonly queues: readonly string[] | undefined;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | undefined;
  /** Within a minute or so. Undefined: never. */
  readonly lastUsedAt: Date | undefined;
}

export function presentApiKey(key: ApiKey): ApiKeyView {
  const { id, name, scopes, queues, createdAt, createdBy, expiresAt, lastUsedAt } = key;
  return {
    id,
    prefix: `hk_${id}`,
    name,
    scopes: [...scopes],
    queues: queues === undefined ? null : [...queues],
    created_at: momentText(createdAt),
    created_by: createdBy,
    expires_at: presentMoment(expiresAt),
    last_used_at: presentMoment(lastUsedAt),
  };
}
