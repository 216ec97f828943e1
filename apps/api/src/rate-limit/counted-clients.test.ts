import { describe, expect, it } from "vitest";
import { CountedClients } from "./counted-clients.ts";

describe("clients that are counted in memory", () => {
  it("are counted one by one while there is room, and together when there is none", () => {
    const clients = new CountedClients(1_000, 2);
    expect(["a", "b", "c", "d", "a"].map((client) => clients.nameOf(client, 0))).toEqual([
      "a",
      "b",
      "latecomers",
      "latecomers",
      "a",
    ]);
  });

  it("make room when their counts are over, those first that came first", () => {
    const clients = new CountedClients(1_000, 2);
    clients.nameOf("a", 0);
    clients.nameOf("b", 500);
    expect(clients.nameOf("c", 999)).toBe("latecomers");
    expect(clients.nameOf("c", 1_000)).toBe("c");
    expect(clients.nameOf("b", 1_000)).toBe("b");
    expect(clients.nameOf("a", 1_499)).toBe("latecomers");
  });
});
