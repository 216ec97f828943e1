import { HikyakuError, refuseUnknownOptions } from "hikyaku";
import { RequestProblem } from "../problems/request-problem.ts";

/** How many answers in parts may be open at the same time. */
export interface StreamLimits {
  /** In this process. Default 500. */
  readonly most?: number;
  /** To one caller: to one name, or to one address of callers without a name. Default 50. */
  readonly mostPerCaller?: number;
}

const limitNames: ReadonlySet<string> = new Set<keyof StreamLimits>(["most", "mostPerCaller"]);

/** One answer in parts that is open. */
export interface StreamPlace {
  /** Gives the place back. */
  leave(): void;
}

/** The answers in parts that are open, bounded in number. */
export class OpenStreams {
  readonly #most: number;
  readonly #mostPerCaller: number;
  readonly #ends = new Set<(reason: HikyakuError) => void>();
  readonly #perCaller = new Map<string, number>();

  /** @throws HikyakuError `invalid_option` for an unknown limit, and a number below 1. */
  constructor(limits: StreamLimits) {
    refuseUnknownOptions("streams", limits, limitNames);
    const { most = 500, mostPerCaller = 50 } = limits;
    this.#most = checkedLimit("most", most);
    this.#mostPerCaller = checkedLimit("mostPerCaller", mostPerCaller);
  }

  get size(): number {
    return this.#ends.size;
  }

  /**
   * Takes a place for a caller. `end` is called when the stream must end.
   * @throws RequestProblem `overloaded` when no place is left.
   */
  enter(caller: string, end: (reason: HikyakuError) => void): StreamPlace {
    const held = this.#perCaller.get(caller) ?? 0;
    if (held >= this.#mostPerCaller) throw refusal(`You have ${held} streams open, which is as many as you may have`);
    if (this.#ends.size >= this.#most) throw refusal("As many streams are open as there may be");
    this.#perCaller.set(caller, held + 1);
    const own = (reason: HikyakuError): void => end(reason);
    this.#ends.add(own);
    return {
      leave: () => {
        if (!this.#ends.delete(own)) return;
        const left = (this.#perCaller.get(caller) ?? 1) - 1;
        if (left === 0) this.#perCaller.delete(caller);
        else this.#perCaller.set(caller, left);
      },
    };
  }

  endAll(): void {
    for (const end of [...this.#ends]) end(new HikyakuError("closed", "the API server is shutting down"));
  }
}

const RETRY_AFTER_SECONDS = "10";

function refusal(why: string): RequestProblem {
  return new RequestProblem("overloaded", `${why}; close one, or try again later.`, {
    headers: { "Retry-After": RETRY_AFTER_SECONDS },
  });
}

function checkedLimit(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new HikyakuError("invalid_option", `option "streams.${name}": expected an integer from 1 up, got ${value}`);
}
