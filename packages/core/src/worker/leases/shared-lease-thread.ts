import type { Broker } from "../../broker/broker.ts";
import type { BrokerRecipe } from "../../broker/broker-recipe.ts";
import { errorText } from "../../errors.ts";
import { Backoff } from "../../runtime/backoff.ts";
import { sleep, systemClock, type Timer } from "../../runtime/clock.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { LostLease } from "./lease-extender.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { Announcement } from "./lease-thread.ts";
import { type LeaseThreadEnd, LeaseThreadHost, type LeaseThreadNews } from "./lease-thread-host.ts";

/** How long a leaving server waits for what the thread still does for it. */
const farewellMs = 1_000;
const firstPauseMs = 50;
const longestPauseMs = 60_000;
/** A thread that lived for so long is replaced at once, like the first one. */
const longLifeMs = 300_000;

export interface LeaseThreadMemberOptions {
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly table: LeaseTable;
  readonly onLost: (lost: LostLease) => void;
}

/** A server's place in the thread that keeps the leases of all servers of its broker. */
export interface LeaseThreadMember {
  /** Whether the thread extends its leases. Somebody else must do so before the thread works, and after it failed. */
  readonly isKept: boolean;
  announced(announcement: Announcement): void;
  /** Takes its leases out of the thread, within about a second. The thread ends with its last server. */
  leave(): Promise<void>;
}

type ModuleRecipe = BrokerRecipe & { readonly kind: "module" };

const threads = new WeakMap<object, SharedLeaseThread>();

/** Has the thread of the broker keep a server's leases. The first server starts the thread. */
export function joinLeaseThread(
  broker: Pick<Broker, "extend">,
  recipe: ModuleRecipe,
  options: LeaseThreadMemberOptions,
): LeaseThreadMember {
  let thread = threads.get(broker);
  if (thread === undefined) {
    thread = new SharedLeaseThread(recipe, () => threads.delete(broker));
    threads.set(broker, thread);
  }
  return thread.join(options);
}

/**
 * One thread at a time for all servers of a broker. When it dies, each server's event loop extends its leases until
 * another thread works. The next thread starts at once the first time, and after a growing pause when threads die
 * often. A thread that could not start or could not open the store is not replaced while there are servers. The logger
 * of the oldest server tells what concerns all of them.
 */
class SharedLeaseThread {
  readonly #recipe: ModuleRecipe;
  readonly #onEmpty: () => void;
  readonly #members = new Map<number, Member>();
  /** Servers for which the thread may still do something. */
  readonly #leaving = new Map<number, Member>();
  readonly #backoff = new Backoff(firstPauseMs, longestPauseMs, Math.random);
  #host: LeaseThreadHost | undefined;
  #startedAt = 0;
  #isReplacement = false;
  #pause: Timer | undefined;
  #joined = 0;

  constructor(recipe: ModuleRecipe, onEmpty: () => void) {
    this.#recipe = recipe;
    this.#onEmpty = onEmpty;
  }

  get isWorking(): boolean {
    return this.#host?.isWorking === true;
  }

  join(options: LeaseThreadMemberOptions): Member {
    const member = new Member(this, this.#joined++, options);
    this.#members.set(member.number, member);
    if (this.#members.size === 1) this.#begin();
    else this.#introduce(member);
    return member;
  }

  announced(member: number, announcement: Announcement): void {
    this.#host?.tell({ kind: "announced", member, announcement });
  }

  async leave(member: Member): Promise<void> {
    const { number } = member;
    if (!this.#members.delete(number)) return;
    member.unfollow();
    if (this.#members.size === 0) {
      this.#onEmpty();
      this.#pause?.cancel();
      await this.#host?.stop();
    } else if (this.isWorking) {
      this.#leaving.set(number, member);
      this.#host?.tell({ kind: "leave", member: number });
      const patience = new AbortController();
      await Promise.race([member.hasLeft.promise, sleep(systemClock, farewellMs, patience.signal)]);
      patience.abort();
      this.#leaving.delete(number);
    }
  }

  #begin(): void {
    this.#startedAt = systemClock.monotonic();
    try {
      this.#host = new LeaseThreadHost({
        recipe: this.#recipe,
        onReady: () => this.#ready(),
        onNews: (news) => this.#hear(news),
        onEnd: (end) => this.#ended(end),
      });
    } catch (error) {
      this.#ended({ reason: errorText(error), isWorthAnother: false });
      return;
    }
    for (const member of this.#members.values()) this.#introduce(member);
  }

  #introduce(member: Member): void {
    const host = this.#host;
    if (host === undefined) return;
    const { number, announcement, options } = member;
    host.tell({ kind: "join", member: number, leaseMs: options.leaseMs });
    member.unfollow();
    member.unfollow = options.table.follow((segment) => host.tell({ kind: "segment", member: number, segment }));
    if (announcement !== undefined) host.tell({ kind: "announced", member: number, announcement });
  }

  #ready(): void {
    if (this.#isReplacement) this.#logger?.info("a new thread extends the leases");
  }

  #hear(news: LeaseThreadNews): void {
    switch (news.kind) {
      case "lost":
        this.#members.get(news.member)?.options.onLost(news.lease);
        return;
      case "log":
        this.#logger?.[news.level](news.message, news.fields);
        return;
      case "left":
        this.#leaving.get(news.member)?.hasLeft.resolve();
        return;
    }
  }

  #ended({ reason, isWorthAnother }: LeaseThreadEnd): void {
    this.#host = undefined;
    for (const member of this.#leaving.values()) member.hasLeft.resolve();
    if (!isWorthAnother) {
      this.#logger?.error(
        "the thread that extends leases does not work; a handler that blocks the event loop for longer than the lease loses its task",
        { reason },
      );
      return;
    }
    if (systemClock.monotonic() - this.#startedAt >= longLifeMs) this.#backoff.reset();
    const pauseMs = this.#backoff.next();
    this.#logger?.error("the thread that extends leases died; the event loop extends them until another one does", {
      reason,
      pauseMs: Math.round(pauseMs),
    });
    this.#isReplacement = true;
    this.#pause = systemClock.setTimer(() => this.#begin(), pauseMs);
  }

  get #logger(): Logger | undefined {
    const [first] = this.#members.values();
    return first?.options.logger;
  }
}

class Member implements LeaseThreadMember {
  readonly number: number;
  readonly options: LeaseThreadMemberOptions;
  readonly hasLeft = Promise.withResolvers<void>();
  readonly #thread: SharedLeaseThread;
  announcement: Announcement | undefined;
  /** Ends the passing on of the table's segments. */
  unfollow: () => void = () => undefined;

  constructor(thread: SharedLeaseThread, number: number, options: LeaseThreadMemberOptions) {
    this.#thread = thread;
    this.number = number;
    this.options = options;
  }

  get isKept(): boolean {
    return this.#thread.isWorking;
  }

  announced(announcement: Announcement): void {
    this.announcement = announcement;
    this.#thread.announced(this.number, announcement);
  }

  leave(): Promise<void> {
    return this.#thread.leave(this);
  }
}
