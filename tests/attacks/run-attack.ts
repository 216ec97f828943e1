import { Attacker } from "./attacker.ts";
import { type Figures, newAttackerAddress, type Target } from "./target.ts";
import type { TargetKind } from "./targets.ts";

/** How much of an attack: `short` is what a test has time for. */
export type Size = "short" | "long";

export interface AttackContext {
  readonly target: Target;
  readonly attacker: Attacker;
  readonly size: Size;
  /** Notes a promise that was broken. */
  readonly fault: (what: string) => void;
  /** Lets time pass while others are served. */
  readonly pass: (ms: number) => Promise<void>;
}

export interface Attack {
  readonly name: string;
  readonly on: TargetKind;
  /** Whether it takes all that one address may have, or has it shunned, so that honest clients need another one. */
  readonly needsAddress?: boolean;
  readonly run: (context: AttackContext) => Promise<void>;
}

/** What an attack came to. */
export interface AttackReport {
  readonly name: string;
  readonly before: Figures;
  readonly peak: Figures;
  readonly after: Figures;
  /** Requests of honest clients during the attack: how many were answered, how many were not, and the slowest one. */
  readonly served: number;
  readonly unserved: number;
  readonly slowestMs: number;
  readonly seconds: number;
  readonly faults: readonly string[];
}

/** What memory may stay above where it was: what was compiled and cached on the way, and what the allocator keeps. */
const keptMib = 120;
/** What an attack may take while it goes on. */
const mostMib = 300;
/** Connections that are being closed, and those of honest clients. */
const keptDescriptors = 15;
const recoveryMs = 20_000;

/** Runs one attack, with an honest client beside it, and measures the target before, meanwhile and afterwards. */
export async function runAttack(attack: Attack, target: Target, size: Size): Promise<AttackReport> {
  const since = performance.now();
  const faults: string[] = [];
  const attacker = new Attacker(target.port, newAttackerAddress());
  const before = target.figures();
  const watch = new Watch(target, attack.on);
  try {
    await attack.run({ target, attacker, size, fault: (what) => faults.push(what), pass });
  } finally {
    attacker.end();
    await watch.stop();
  }
  const after = await recovered(target, before);
  const { peak, served, unserved, slowestMs } = watch;
  if (unserved > 0) faults.push(`${unserved} requests of honest clients were not answered: ${watch.lastFailure}`);
  if (served === 0) faults.push("no request of an honest client was answered");
  if (peak.memoryMib > before.memoryMib + mostMib) faults.push(`memory rose to ${peak.memoryMib} MiB`);
  if (!isAsBefore(after, before)) faults.push("memory or descriptors did not come back");
  const seconds = Math.round((performance.now() - since) / 100) / 10;
  return { name: attack.name, before, peak, after, served, unserved, slowestMs, seconds, faults };
}

async function recovered(target: Target, before: Figures): Promise<Figures> {
  const deadline = performance.now() + recoveryMs;
  for (;;) {
    const now = target.figures();
    if (isAsBefore(now, before) || performance.now() > deadline) return now;
    await pass(250);
  }
}

function isAsBefore(now: Figures, before: Figures): boolean {
  const descriptors = (now.descriptors ?? 0) - (before.descriptors ?? 0);
  return now.memoryMib <= before.memoryMib + keptMib && descriptors <= keptDescriptors;
}

/** An honest client that asks all the while, and looks at the target's figures. */
class Watch {
  peak: Figures;
  served = 0;
  unserved = 0;
  slowestMs = 0;
  lastFailure = "";
  readonly #target: Target;
  readonly #asks: readonly (() => Promise<{ status: number; ms: number }>)[];
  readonly #stopped = new AbortController();
  readonly #loop: Promise<void>;

  constructor(target: Target, on: TargetKind) {
    this.#target = target;
    this.peak = target.figures();
    const register = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ message: "hello", delay_seconds: 3600 }),
    };
    this.#asks = [
      () => target.ask("/health"),
      ...(on === "api" || on === "staging"
        ? [() => target.ask("/api/dm-jobqueue/register", register), () => target.ask("/docs/")]
        : []),
    ];
    this.#loop = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
  }

  async #watch(): Promise<void> {
    do {
      for (const ask of this.#asks) await this.#ask(ask);
      const { memoryMib, descriptors } = this.#target.figures();
      this.peak = {
        memoryMib: Math.max(this.peak.memoryMib, memoryMib),
        descriptors: descriptors === undefined ? undefined : Math.max(this.peak.descriptors ?? 0, descriptors),
      };
      await pass(50);
    } while (!this.#stopped.signal.aborted);
  }

  async #ask(ask: () => Promise<{ status: number; ms: number }>): Promise<void> {
    try {
      const { status, ms } = await ask();
      if (status >= 400) throw new Error(`answered with ${status}`);
      this.served++;
      this.slowestMs = Math.max(this.slowestMs, Math.round(ms));
    } catch (error) {
      this.unserved++;
      this.lastFailure = error instanceof Error ? error.message : String(error);
    }
  }
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
