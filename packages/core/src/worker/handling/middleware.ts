import { HikyakuError } from "../../errors.ts";
import { shown } from "../../option-names.ts";
import type { RegisteredHandler } from "./handler.ts";
import type { HandlerContext, NoValues } from "./handler-context.ts";
import type { TaskContext } from "./task-context.ts";

/**
 * Runs what comes after a middleware: the next middleware, and in the end the handler. Gives its result, or throws its
 * error. The values are added to the context of all that comes after.
 */
export type Next<Added extends object = NoValues> = (
  ...values: NoValues extends Added ? [values?: Added] : [values: Added]
) => Promise<unknown>;

/**
 * Goes around every handler of a server. It may look at the task, add values, replace result or error, and leave out
 * the handler by not calling `next`. What it throws counts as thrown by the handler. What it returns is the result;
 * when it returns nothing, the result of `next` is. A failure of `next` that it neither awaits nor returns still
 * counts. The attempt lasts until both have ended.
 */
export type Middleware<Values extends object = NoValues, Added extends object = NoValues> = (
  context: HandlerContext<unknown, unknown, Values>,
  next: Next<Added>,
) => unknown;

type AnyMiddleware = (context: HandlerContext, next: (values?: unknown) => Promise<unknown>) => unknown;

/** The middleware of a server, in the order in which it was registered. */
export class Middlewares {
  readonly #all: AnyMiddleware[] = [];

  /** @throws HikyakuError `invalid_option` when it is not a function. */
  add(middleware: unknown): void {
    if (typeof middleware !== "function") {
      throw new HikyakuError("invalid_option", `Server.use: expected a function, got ${shown(middleware)}`);
    }
    this.#all.push(middleware as AnyMiddleware);
  }

  /** Costs nothing when there is no middleware. */
  run(handler: RegisteredHandler, context: TaskContext): unknown {
    return this.#all.length === 0 ? handler.run(context) : this.#runFrom(0, handler, context);
  }

  async #runFrom(index: number, handler: RegisteredHandler, context: TaskContext): Promise<unknown> {
    const middleware = this.#all[index];
    if (middleware === undefined) return handler.run(context);
    let rest: Rest | undefined;
    let isOver = false;
    const next = (values?: unknown): Promise<unknown> => {
      if (rest !== undefined || isOver) return Promise.reject(calledWrongly(context, isOver));
      if (values !== undefined && (typeof values !== "object" || values === null)) {
        return Promise.reject(
          new HikyakuError("invalid_option", `next: expected an object of values, got ${shown(values)}`),
        );
      }
      rest = Rest.of(this.#runFrom(index + 1, handler, values === undefined ? context : context.with(values)));
      return rest;
    };
    let returned: unknown;
    try {
      returned = await middleware(context, next);
    } finally {
      isOver = true;
      await rest?.ended;
    }
    return rest === undefined ? returned : rest.resultAfter(returned);
  }
}

function calledWrongly({ type, taskId }: TaskContext, isOver: boolean): HikyakuError {
  const when = isOver ? "after its middleware had ended" : "a second time; the handler runs once in each attempt";
  return new HikyakuError("wrong_state", `task ${taskId} of type "${type}": next was called ${when}`);
}

/** The promise that `next` returns. It knows whether somebody looked at it. */
class Rest extends Promise<unknown> {
  #ending: Promise<PromiseSettledResult<unknown>> | undefined;
  #isWatched = false;

  /** Promises made from this one are ordinary ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static of(work: Promise<unknown>): Rest {
    const rest = new Rest((resolve, reject) => void work.then(resolve, reject));
    rest.#ending = Promise.allSettled([work]).then(([result]) => result);
    // `resultAfter` passes on a failure that nobody looks at. The failure must not end the process.
    Promise.prototype.then.call(rest, undefined, () => undefined);
    return rest;
  }

  get ended(): Promise<unknown> | undefined {
    return this.#ending;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise; this notes who awaits it
  override then<Fulfilled = unknown, Rejected = never>(
    onFulfilled?: ((value: unknown) => Fulfilled | PromiseLike<Fulfilled>) | null,
    onRejected?: ((reason: unknown) => Rejected | PromiseLike<Rejected>) | null,
  ): Promise<Fulfilled | Rejected> {
    this.#isWatched = true;
    return super.then(onFulfilled, onRejected);
  }

  /** The result of a middleware that returned this, once both have ended. */
  async resultAfter(returned: unknown): Promise<unknown> {
    const result = await this.#ending;
    if (result?.status === "rejected" && !this.#isWatched) throw result.reason;
    if (returned !== undefined || result?.status !== "fulfilled") return returned;
    return result.value;
  }
}
