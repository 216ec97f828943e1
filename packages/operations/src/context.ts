import type { AuditTrail, Broker, Client, Inspector, TaskDefinition } from "hikyaku";
import type { Identity } from "./access/request-head.ts";
import type { BulkOperations } from "./bulk/bulk-operations.ts";
import type { ApiKeys } from "./keys/api-keys.ts";
import type { LiveFindings } from "./live-findings.ts";
import type { Mask } from "./presenters/mask.ts";
import type { Sessions } from "./sessions/sessions.ts";

/** What every handler works with. */
export interface OperationsContext {
  readonly broker: Broker;
  readonly inspector: Inspector;
  /** Adds tasks. */
  readonly client: Client;
  /** The definitions that are known here, by type. */
  readonly types: ReadonlyMap<string, TaskDefinition>;
  readonly findings: LiveFindings;
  /** The caller. Undefined at an open endpoint. */
  readonly identity: Identity | undefined;
  /** The caller in words, as servers and the history of tasks get it. */
  readonly who: string;
  readonly audit: AuditTrail;
  readonly keys: ApiKeys;
  readonly sessions: Sessions;
  /** The address that the request came from, if the server knows it. */
  readonly address: string | undefined;
  /** What presenters hide of tasks from the caller. */
  readonly mask: Mask;
  /** Changes of many tasks that go on by themselves. */
  readonly bulk: BulkOperations;
  /**
   * Tells the audit how things were and how they are now, if the handler knows it anyway: small, without payloads and
   * secrets. What is told again takes the place of what was told before.
   */
  readonly tellChange: (told: { readonly before?: unknown; readonly after?: unknown }) => void;
  /**
   * Fires when the caller has gone or time is up. For handlers that only read: a change that was begun is finished even
   * if nobody waits for it.
   */
  readonly signal: AbortSignal;
  /** When time is up, in milliseconds of the epoch. */
  readonly deadlineAt: number;
}
