import { errorText } from "../errors.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";

/** How another thread of this process opens the same store for itself. */
export type BrokerRecipe =
  /**
   * The module at this address exports the function `make`, which makes a broker from what `options` returns. `options`
   * is a function so that a printed broker shows no password, nor does one written as JSON. `hikyaku/redis` and
   * `hikyaku/sqlite` are the library's own, wherever a bundler put them. The thread imports any other module. It must
   * be a file that only makes brokers: if a bundler put the whole program into it, the program would run again there.
   */
  | { readonly kind: "module"; readonly module: string; readonly make: string; readonly options: () => unknown }
  /** The store lives in this one broker, or an option can't be handed to a thread. */
  | { readonly kind: "none"; readonly why: string };

/** The recipe of a broker that the function `make` of `module` made from these options. */
export function recipeOf<Options extends { readonly clock?: Clock }>(
  module: string,
  make: string,
  options: Options,
): BrokerRecipe {
  const { clock = systemClock, ...others } = options;
  if (clock !== systemClock) return { kind: "none", why: "it was given a clock of its own" };
  try {
    const cloned = structuredClone(others);
    return { kind: "module", module, make, options: () => cloned };
  } catch (error) {
    return { kind: "none", why: `its options can't be handed to a thread: ${errorText(error)}` };
  }
}
