/** How to make calls that are ready at the same time. */
export interface CallPacing {
  /**
   * `apart`: the store works beside this process. Calls should reach it one after the other: it begins with the first
   * one while the next one is made. `together`: the store works within this process. One commit carries all calls of a
   * turn of the event loop.
   */
  readonly pacing: "apart" | "together";
}
