/** How calls that are ready at the same time are best made. */
export interface CallPacing {
  /**
   * `apart`: the store works beside this process. Calls that reach it one after the other let it begin with the first one
   * while the next one is made. `together`: it works within this process, and one commit carries all calls of a turn of the
   * event loop.
   */
  readonly pacing: "apart" | "together";
}
