import type { Broker } from "../broker/broker.ts";
import { mostTrailEntries } from "../broker/limits.ts";
import { dateOf } from "../date-of.ts";
import { type Duration, durationMs } from "../duration.ts";
import { HikyakuError } from "../errors.ts";
import { refuseUnknownOptions, shown } from "../option-names.ts";

/** The way by which a change came. */
export type AuditWay = "api" | "cli" | "code";

/** What became of a change. `perhaps_done`: its end is not known, so look before you repeat it. */
export type AuditResult = "done" | "not_done" | "perhaps_done";

/** A change, as whoever carried it out tells of it. */
export interface AuditNote {
  /** Who asked for it. */
  readonly who: string;
  readonly way: AuditWay;
  /** The operation, such as `pause-queue`. */
  readonly operation: string;
  /** On what, by the names of the operation's parameters: `{ queue: "mail" }`. */
  readonly on: Readonly<Record<string, string>>;
  /** The address that it came from. */
  readonly from?: string | undefined;
  readonly reason?: string | undefined;
  /** What was asked for, without payloads and secrets. */
  readonly input?: unknown;
  /** How it was, and how it is now, where whoever carried it out could tell. */
  readonly before?: unknown;
  readonly after?: unknown;
  readonly result: AuditResult;
  /** Why it was not done, or is not known to be: a code of an error. */
  readonly code?: string | undefined;
  /** The status of the HTTP answer. */
  readonly status?: number | undefined;
}

/** A change that was written down. */
export interface AuditEntry extends AuditNote {
  /** Its place: grows from entry to entry. */
  readonly position: number;
  readonly at: Date;
}

export interface AuditTrailOptions {
  /** Stays the caller's. */
  readonly broker: Pick<Broker, "appendToTrail" | "readTrail">;
  /** The oldest entries beyond so many go. Default: 10,000; at most 100,000. */
  readonly maxEntries?: number;
  /** Older entries go. Default: 90 days. */
  readonly maxAge?: Duration;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditEntry[];
  /** The position at which the next page goes on. Undefined after the oldest entry. */
  readonly next: number | undefined;
}

const optionNames: ReadonlySet<string> = new Set<keyof AuditTrailOptions>(["broker", "maxEntries", "maxAge"]);
const trail = "audit";
const mostBytes = 16_384;

/** Who changed what, when and from where: one bounded log for each store, whatever way the changes come. */
export class AuditTrail {
  readonly #broker: AuditTrailOptions["broker"];
  readonly #maxEntries: number;
  readonly #maxAgeMs: number;

  /** @throws HikyakuError `invalid_option`. */
  constructor(options: AuditTrailOptions) {
    refuseUnknownOptions("AuditTrail", options, optionNames);
    const { broker, maxEntries = 10_000, maxAge = "90d" } = options;
    if (!(Number.isInteger(maxEntries) && maxEntries >= 1 && maxEntries <= mostTrailEntries)) {
      throw new HikyakuError(
        "invalid_option",
        `option "maxEntries": expected an integer from 1 to ${mostTrailEntries}, got ${shown(maxEntries)}`,
      );
    }
    this.#broker = broker;
    this.#maxEntries = maxEntries;
    this.#maxAgeMs = Math.max(1, durationMs("maxAge", maxAge));
  }

  /**
   * Writes a change down. What was asked for, and how things were and are, is left out where it is larger than 16 KiB
   * together.
   * @throws HikyakuError
   */
  async write(note: AuditNote, { within = "2s" }: { readonly within?: Duration } = {}): Promise<void> {
    const whole = JSON.stringify(note);
    const { input: _input, before: _before, after: _after, ...rest } = note;
    const value = Buffer.byteLength(whole) <= mostBytes ? whole : JSON.stringify({ ...rest, leftOut: true });
    const append = { trail, values: [value.toWellFormed()], maxEntries: this.#maxEntries, maxAgeMs: this.#maxAgeMs };
    await this.#broker.appendToTrail(append, { timeoutMs: durationMs("within", within) });
  }

  /**
   * Entries from the newest on, or from where the page before ended.
   * @throws HikyakuError
   */
  async page(
    { limit, cursor }: { readonly limit: number; readonly cursor?: number | undefined },
    call: { readonly signal?: AbortSignal } = {},
  ): Promise<AuditPage> {
    const query = cursor === undefined ? { trail, limit } : { trail, limit, cursor };
    const { entries, nextCursor } = await this.#broker.readTrail(query, call);
    const read = entries.map(({ position, at, value }) => {
      const note = noteOf(value);
      return note === undefined ? undefined : { ...note, position, at: dateOf(at) };
    });
    return { entries: read.filter((entry) => entry !== undefined), next: nextCursor };
  }
}

/** Undefined for what another program wrote there. */
function noteOf(value: string): AuditNote | undefined {
  try {
    const note: unknown = JSON.parse(value);
    return isNote(note) ? note : undefined;
  } catch {
    return undefined;
  }
}

function isNote(note: unknown): note is AuditNote {
  if (typeof note !== "object" || note === null) return false;
  const { who, way, operation, on, result } = note as Partial<Record<keyof AuditNote, unknown>>;
  const isText = [who, operation].every((text) => typeof text === "string");
  const isOn = typeof on === "object" && on !== null && Object.values(on).every((text) => typeof text === "string");
  return isText && isOn && ways.has(way) && results.has(result);
}

const ways: ReadonlySet<unknown> = new Set<AuditWay>(["api", "cli", "code"]);
const results: ReadonlySet<unknown> = new Set<AuditResult>(["done", "not_done", "perhaps_done"]);
