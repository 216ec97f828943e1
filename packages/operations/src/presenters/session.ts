import { momentText, type Scope, type SessionView } from "@hikyaku/contract";

/** Somebody who signed in with a browser. */
export interface Session {
  /** Tells sessions apart. It is no secret: the cookie can't be found from it. */
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly queues: readonly string[] | undefined;
  readonly createdAt: Date;
  readonly endsAt: Date;
  /** The address that it was begun from. */
  readonly from: string | undefined;
}

export function presentSession({ id, name, scopes, queues, createdAt, endsAt, from }: Session): SessionView {
  return {
    id,
    who: name,
    scopes: [...scopes],
    queues: queues === undefined ? null : [...queues],
    created_at: momentText(createdAt),
    ends_at: momentText(endsAt),
    from: from ?? null,
  };
}
