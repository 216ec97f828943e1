import type { RedisRefusal } from "./link.ts";
import type { Place } from "./place.ts";

/** Tells a connection which server to go to: always the same one, or the one that has the data now. */
export interface Route {
  /** For people; without secrets. */
  readonly location: string;
  /** Whether a server is used only when it says that it is a master. */
  readonly onlyMaster: boolean;
  /**
   * Asked before each attempt to connect.
   * @param failures attempts that failed since the connection last succeeded
   * @throws an error that says why nobody knows
   */
  locate(failures: number): Place | Promise<Place>;
  /** Called for each refusal. True: the data is elsewhere by now, and the connection goes there. */
  refused(refusal: RedisRefusal, by: Place): boolean;
}

/** The route to one fixed server. */
export function fixedRoute(place: Place, location: string): Route {
  return {
    location,
    onlyMaster: false,
    locate: () => place,
    // The same name may lead to another server by now.
    refused: isReadOnly,
  };
}

/**
 * Whether the server has become a replica. In an older server's reply to a script, other words stand before `READONLY`.
 */
export function isReadOnly(refusal: RedisRefusal): boolean {
  return refusal.word === "READONLY" || refusal.word === "UNBLOCKED" || refusal.message.includes("-READONLY ");
}
