import type { Duration } from "../../src/duration.ts";
import { TestClock } from "../../src/testing/test-clock.ts";

/** The library's own clock for tests; here a bare number of milliseconds will do. */
export class FakeClock extends TestClock {
  override advance(by: Duration | number): void {
    super.advance(typeof by === "number" ? { ms: by } : by);
  }
}
