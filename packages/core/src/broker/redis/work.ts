import { isSurelyNotDone } from "../../errors.ts";
import type { CallOptions } from "../call-options.ts";
import { type ClaimPolicy, policyName, policyText } from "../claim-policy.ts";
import { claimedAtOf, serverOfToken } from "../lease-token.ts";
import { utcDay } from "../utc-day.ts";
import type {
  ClaimedTask,
  ClaimRequest,
  ClaimResult,
  ClosedQueue,
  Lease,
  QueueClaim,
  SetAside,
  SettleAnswer,
  Settlement,
  SettleResult,
  TakeBackRequest,
  TakenOver,
  TakenOverTask,
  TakeOverRequest,
  UnhandledTasks,
  WorkFacet,
} from "../work-facet.ts";
import { halfDone } from "./half-done.ts";
import { dueSoonerChannel, evictedKey, type QueueKeys, queueKeys } from "./keys.ts";
import { countOf, LeasedReader, type Unreadable } from "./leased-reader.ts";
import {
  beginAloneLua,
  extendLua,
  setAsideLua,
  takeBackLua,
  takeOverLua,
  workLua,
  writeResultLua,
} from "./lua/generated.ts";
import { packHandledTypes } from "./pack-handled-types.ts";
import { isPlain, packSettlements } from "./pack-settlements.ts";
import { byQueue, type QueueShare, type RedisContext, secondAtOrAfter, wholeSeconds } from "./redis-context.ts";
import { runScript, script } from "./run-script.ts";
import type { Waiting } from "./waiting.ts";
import type { Reply } from "./wire/link.ts";
import { asBuffer, list, text } from "./wire/reply.ts";

const workScript = script(workLua, "list");
const takeOverScript = script(takeOverLua, "list");
const takeBackScript = script(takeBackLua, "list");
const beginAloneScript = script(beginAloneLua, "number");
const extendScript = script(extendLua, "list");
const setAsideScript = script(setAsideLua, "number");
const writeResultScript = script(writeResultLua, "number");

const mostSettlements = 256;
const mostClaims = 256;

const dayCountersLiveSeconds = 7_776_000;

/** A Go server's clock may differ, and it extends leases late. Asynq itself allows this much. */
const foreignLeaseMarginMs = 30_000;

/** How many values the scripts that recover tasks give for each. */
const rowSize = 6;

const nothingClaimed: ClaimResult = { tasks: [], unhandled: [], setAside: [], closed: [] };

/** Redis does not tell when somebody resumes a queue or lets go of a task: how long until it is asked again. */
const closedForMs = 1_000;

export class RedisWork implements WorkFacet {
  readonly #context: RedisContext;
  readonly #waiting: Waiting;
  #claims = 0;

  constructor(context: RedisContext, waiting: Waiting) {
    this.#context = context;
    this.#waiting = waiting;
  }

  async claim(request: ClaimRequest, call?: CallOptions): Promise<ClaimResult> {
    const { claimed } = await this.settle([], request, call);
    return claimed ?? nothingClaimed;
  }

  async settle(
    settlements: readonly Settlement[],
    thenClaim?: ClaimRequest,
    call?: CallOptions,
  ): Promise<SettleAnswer> {
    const results: SettleResult[] = new Array(settlements.length);
    const shares = byQueue(settlements, ({ task }) => task.lease.queue, mostSettlements);
    const asking = (thenClaim?.queues ?? []).map((asked) => ({ ...asked }));
    const claims: ClaimResult[] = [];
    let free = thenClaim?.limit ?? 0;
    // A queue that gave less than its limit leaves its share to the next ones, which may take another round.
    for (let round = 0; round === 0 || (free > 0 && asking.some(({ limit }) => limit > 0)); round++) {
      const trips: Promise<ClaimResult>[] = [];
      let promised = 0;
      const trip = (share: QueueShare<Settlement> | undefined, asked: QueueClaim): void => {
        if (share === undefined && asked.limit === 0) return;
        promised += asked.limit;
        trips.push(this.#trip(asked, share, thenClaim, results, call));
      };
      for (const asked of asking) {
        const limit = Math.min(asked.limit, free - promised, mostClaims);
        // A queue's settlements and its claim share a script; all scripts of a round leave in one write.
        const own = round === 0 ? shares.filter((share) => share.queue === asked.queue) : [];
        for (const share of own.slice(0, -1)) trip(share, { queue: asked.queue, limit: 0 });
        trip(own.at(-1), { ...asked, limit });
        if (limit > 0) asked.limit = 0;
      }
      if (round === 0) {
        const asked = new Set(asking.map(({ queue }) => queue));
        for (const share of shares) if (!asked.has(share.queue)) trip(share, { queue: share.queue, limit: 0 });
      }
      const found = await this.#allTrips(trips, call);
      claims.push(...found);
      for (const { tasks } of found) free -= tasks.length;
    }
    return { results, claimed: thenClaim === undefined ? undefined : merged(claims) };
  }

  async extend(leases: readonly Lease[], until: number, call?: CallOptions): Promise<readonly ("held" | "lost")[]> {
    const answers: ("held" | "lost")[] = new Array(leases.length).fill("held");
    const shares = byQueue(leases, (lease) => lease.queue, 500);
    await Promise.all(
      shares.map(async ({ queue, items, positions }) => {
        const keys = queueKeys(queue);
        const args = [keys.task, String(secondAtOrAfter(until))];
        for (const { taskId, token } of items) args.push(taskId, token);
        const lost = await runScript(this.#context.connection, extendScript, [keys.lease], args, call);
        for (const index of list(lost)) answers[positions[Number(index)] ?? 0] = "lost";
      }),
    );
    return answers;
  }

  async takeOver(
    { queue, limit, serverId, leaseMs, token = this.#newToken(serverId), holding = [] }: TakeOverRequest,
    call?: CallOptions,
  ): Promise<TakenOver> {
    const keys = queueKeys(queue);
    const now = this.#context.clock.now();
    const leaseEnd = secondAtOrAfter(now + leaseMs);
    const answer = await runScript(
      this.#context.connection,
      takeOverScript,
      [keys.active, keys.lease, evictedKey(queue, serverId), keys.archived],
      [
        keys.task,
        String(wholeSeconds(now)),
        String(wholeSeconds(now - foreignLeaseMarginMs)),
        String(limit),
        String(leaseEnd),
        token,
        ...holding,
      ],
      call,
    );
    const [leased, ghosts, strangers] = list(answer);
    const taken = await this.#takenOver(keys, token, leaseEnd, list(leased), list(ghosts), call);
    return { ...taken, setAside: [...taken.setAside, ...strangersIn(queue, list(strangers))] };
  }

  async takeBack(
    { queue, limit, serverId, leaseMs, from, token = this.#newToken(serverId) }: TakeBackRequest,
    call?: CallOptions,
  ): Promise<TakenOver> {
    const keys = queueKeys(queue);
    const leaseEnd = secondAtOrAfter(this.#context.clock.now() + leaseMs);
    const holders = from.kind === "server" ? [`${from.serverId}/`] : ["", ...from.tokens];
    const rows: Reply[] = [];
    const ghosts: Reply[] = [];
    let cursor = "0";
    do {
      const left = String(limit - rows.length / rowSize);
      const args = [keys.task, cursor, left, String(leaseEnd), token, ...holders];
      const names = [keys.active, keys.lease, evictedKey(queue, serverId)];
      const answer = await runScript(this.#context.connection, takeBackScript, names, args, call).catch((error) => {
        throw rows.length === 0 ? error : halfDone(error);
      });
      const [leased, bodiless, next] = list(answer);
      rows.push(...list(leased));
      ghosts.push(...list(bodiless));
      cursor = text(next) ?? "0";
    } while (cursor !== "0" && rows.length / rowSize < limit);
    return this.#takenOver(keys, token, leaseEnd, rows, ghosts, call);
  }

  waitForWork(queues: readonly string[], call: CallOptions): Promise<void> {
    return this.#waiting.wait(queues, call);
  }

  async beginAlone(lease: Lease, call?: CallOptions): Promise<"held" | "lost"> {
    const keys = queueKeys(lease.queue);
    const names = [keys.lease, keys.task + lease.taskId];
    const answer = await runScript(
      this.#context.connection,
      beginAloneScript,
      names,
      [lease.taskId, lease.token],
      call,
    );
    return answer === 1 ? "held" : "lost";
  }

  async writeResult(lease: Lease, result: Uint8Array, call?: CallOptions): Promise<"written" | "lost"> {
    const keys = queueKeys(lease.queue);
    const answer = await runScript(
      this.#context.connection,
      writeResultScript,
      [keys.lease, keys.task + lease.taskId],
      [lease.taskId, lease.token, asBuffer(result)],
      call,
    );
    return answer === 1 ? "written" : "lost";
  }

  async #takenOver(
    keys: QueueKeys,
    token: string,
    leaseEnd: number,
    rows: readonly Reply[],
    ghosts: readonly Reply[],
    call: CallOptions | undefined,
  ): Promise<TakenOver> {
    const reader = new LeasedReader(keys.queue, token, leaseEnd * 1_000);
    const tasks: TakenOverTask[] = [];
    for (let index = 0; index < rows.length; index += rowSize) {
      const [id, message, exact, lost, alone, before] = rows.slice(index, index + rowSize);
      const task = reader.read(id, message, exact, null, lost);
      if (task === undefined) continue;
      // The stored value is the token and the lease's end.
      const held = text(before)?.replace(/:\d*$/, "");
      tasks.push({
        task,
        previousServerId: serverOfToken(held),
        claimedAt: claimedAtOf(held),
        lostAlone: countOf(alone),
      });
    }
    const setAside = await this.#setAside(keys, token, reader.unreadable, ghosts, call);
    return { tasks, setAside };
  }

  /** Runs one script on one queue: it settles the share, then claims. */
  async #trip(
    { queue, limit, expects }: QueueClaim,
    share: QueueShare<Settlement> | undefined,
    request: ClaimRequest | undefined,
    results: SettleResult[],
    call: CallOptions | undefined,
  ): Promise<ClaimResult> {
    const keys = queueKeys(queue);
    const now = this.#context.clock.now();
    const token = request === undefined ? "" : (request.token ?? this.#newToken(request.serverId));
    const leaseEnd = secondAtOrAfter(now + (request?.leaseMs ?? 0));
    const day = utcDay(now);
    const names = [
      keys.pending,
      keys.active,
      keys.lease,
      keys.archived,
      keys.paused,
      evictedKey(queue, request?.serverId ?? ""),
      `${keys.processed}:${day}`,
      keys.processed,
      keys.policy,
    ];
    const args = [
      keys.task,
      String(wholeSeconds(now)),
      String(wholeSeconds(now) + dayCountersLiveSeconds),
      share === undefined ? "" : packSettlements(share.items, now),
      String(limit),
      String(leaseEnd),
      token,
      request === undefined ? "" : packHandledTypes(request.handles),
      expects === undefined ? "" : policyName(policyText(expects)),
    ];
    if (share !== undefined && !share.items.every(isPlain)) {
      names.push(keys.scheduled, keys.retry, keys.completed, keys.due, `${keys.failed}:${day}`, keys.failed);
      args.push(queue, dueSoonerChannel);
    }
    const answer = list(await runScript(this.#context.connection, workScript, names, args, call));
    const [leased, lost, unhandled, ghosts, evicted, strangers, why] = Array.isArray(answer[0]) ? answer : [answer];
    if (share !== undefined) {
      for (const position of share.positions) results[position] = "settled";
      for (const index of list(lost)) results[share.positions[Number(index)] ?? 0] = "lost";
    }
    const rows = list(leased);
    const reader = new LeasedReader(queue, token, leaseEnd * 1_000);
    const tasks: ClaimedTask[] = [];
    for (let index = 0; index < rows.length; index += 5) {
      const task = reader.read(rows[index], rows[index + 1], rows[index + 2], rows[index + 3], rows[index + 4]);
      if (task !== undefined) tasks.push(task);
    }
    const ghostIds = list(ghosts);
    const setAside = strangersIn(queue, list(strangers));
    if (reader.unreadable.length > 0 || ghostIds.length > 0) {
      setAside.push(...(await this.#setAside(keys, token, reader.unreadable, ghostIds, call)));
    }
    const closed = limit === 0 ? [] : this.#closedBy(queue, text(why) ?? "", expects, now);
    const claimed = { tasks, unhandled: readUnhandled(queue, list(unhandled)), setAside, closed };
    return evicted === 1 ? { ...claimed, evicted: true } : claimed;
  }

  /** What the script says of why nothing may be taken from the queue; what waits for its tasks hears of it too. */
  #closedBy(queue: string, why: string, expects: ClaimPolicy | undefined, now: number): ClosedQueue[] {
    this.#waiting.noteClosed(queue, why === "" ? 0 : closedForMs);
    if (why === "") return [];
    const lookAgainAt = now + closedForMs;
    if (why === "paused" || why === "held") return [{ queue, reason: why, lookAgainAt }];
    const policy = why.slice("policy ".length);
    const differs = expects !== undefined && policy !== policyName(policyText(expects));
    return [{ queue, reason: differs ? "policy_differs" : "policy_unknown", policy, lookAgainAt }];
  }

  /** When one trip of several fails, the tasks that the others leased are handed back: the caller never sees them. */
  async #allTrips(trips: readonly Promise<ClaimResult>[], call: CallOptions | undefined): Promise<ClaimResult[]> {
    const [only] = trips;
    if (trips.length === 1 && only !== undefined) return [await only];
    const ended = await Promise.allSettled(trips);
    const claims = ended.flatMap((trip) => (trip.status === "fulfilled" ? [trip.value] : []));
    const failures = ended.flatMap((trip) => (trip.status === "rejected" ? [trip.reason] : []));
    if (failures.length === 0) return claims;
    const unseen = claims.flatMap(({ tasks }) =>
      tasks.map((task) => ({ task, outcome: { kind: "handed_back" } as const })),
    );
    try {
      if (unseen.length > 0) await this.settle(unseen, undefined, call);
    } catch (error) {
      throw halfDone(error);
    }
    // An error that may have leased tasks tells more than one that surely has not.
    throw failures.find((error) => !isSurelyNotDone(error)) ?? failures[0];
  }

  async #setAside(
    keys: QueueKeys,
    token: string,
    unreadable: readonly Unreadable[],
    ghosts: readonly Reply[],
    call: CallOptions | undefined,
  ): Promise<SetAside[]> {
    const setAside: SetAside[] = ghosts.map((id) => ({
      queue: keys.queue,
      taskId: text(id) ?? "",
      reason: "no_body",
      detail: "the id had no task behind it",
    }));
    for (const { id, detail } of unreadable) {
      const names = [keys.active, keys.lease, keys.archived];
      const args = [keys.task, String(wholeSeconds(this.#context.clock.now())), token, detail, id];
      try {
        await runScript(this.#context.connection, setAsideScript, names, args, call);
      } catch (error) {
        throw halfDone(error);
      }
      setAside.push({ queue: keys.queue, taskId: id.toString(), reason: "unreadable", detail });
    }
    return setAside;
  }

  #newToken(serverId: string): string {
    this.#claims++;
    return `${serverId}/${this.#claims.toString(36)}`;
  }
}

/** Ids under whose key something else than a task lies. The script has archived the id and left the key as it is. */
function strangersIn(queue: string, ids: readonly Reply[]): SetAside[] {
  const detail = "its key holds something that is no task";
  return ids.map((id) => ({ queue, taskId: text(id) ?? "", reason: "unreadable", detail }));
}

function readUnhandled(queue: string, rows: readonly Reply[]): UnhandledTasks[] {
  const unhandled: UnhandledTasks[] = [];
  for (let index = 0; index < rows.length; index += 2) {
    unhandled.push({ queue, type: text(rows[index]) ?? "", count: Number(rows[index + 1]) });
  }
  return unhandled;
}

function merged(claims: readonly ClaimResult[]): ClaimResult {
  const [only] = claims;
  if (claims.length === 1 && only !== undefined) return only;
  return {
    tasks: claims.flatMap((claim) => claim.tasks),
    unhandled: claims.flatMap((claim) => claim.unhandled),
    setAside: claims.flatMap((claim) => claim.setAside),
    closed: claims.flatMap((claim) => claim.closed),
    ...(claims.some(({ evicted }) => evicted === true) && { evicted: true }),
  };
}
