import type { RedisRefusal } from "./link.ts";
import type { Place } from "./place.ts";

/** Tells a connection which server to go to: always the same, or whichever has the data now. */
export interface Route {
  /** For people; without secrets. */
  readonly location: string;
  /** Whether a server is taken only once it says of itself that it is a master. */
  readonly onlyMaster: boolean;
  /**
   * Asked before each attempt to connect.
   * @param failures attempts that failed since the connection was last there
   * @throws an error that says why nobody knows
   */
  locate(failures: number): Place | Promise<Place>;
  /** Hears of each refusal. True when it means that the data is elsewhere by now, so that the connection goes there. */
  refused(refusal: RedisRefusal, by: Place): boolean;
}

/** The way to one server that stays where it is. */
export function fixedRoute(place: Place, location: string): Route {
  return {
    location,
    onlyMaster: false,
    locate: () => place,
    // The same name may lead to another server by now.
    refused: isReadOnly,
  };
}

/** Whether the server has become a replica. Older servers put the word behind others when a script met it. */
export function isReadOnly(refusal: RedisRefusal): boolean {
  return refusal.word === "READONLY" || refusal.word === "UNBLOCKED" || refusal.message.includes("-READONLY ");
}
