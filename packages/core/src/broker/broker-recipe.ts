import { errorText } from "../errors.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";

/** How another thread of this process can open the same store for itself. */
export type BrokerRecipe =
  /**
   * The module at this address exports a function of this name, which makes a broker from what `options` gives. That is a
   * function so that printing a broker, or writing it as JSON, shows no password. `hikyaku/redis` and `hikyaku/sqlite` are
   * the library's own, wherever a bundler put them. Any other module is imported by the thread: it must be a file that only
   * makes brokers, since a program that a bundler made of everything would run again there.
   */
  | { readonly kind: "module"; readonly module: string; readonly make: string; readonly options: () => unknown }
  /** The store lives in this one broker, or was given something that can't be handed to a thread. */
  | { readonly kind: "none"; readonly why: string };

/** The recipe of a broker that `make` of the module `module` made from these options. */
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
