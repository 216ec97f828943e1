import type { Finding } from "hikyaku";
import { describe, expect, it } from "vitest";
import { findingsText } from "./findings-text.ts";

function unlisted(id: string, queue = "default"): Finding {
  return {
    taskId: id,
    facts: {},
    kind: "unlisted",
    level: "error",
    queue,
    detail: `task ${id} is in no list`,
    repair: "repairable",
    action: "it is listed again",
  };
}

describe("the text of findings", () => {
  it("tells a few of many that are alike, and how many there are", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => unlisted(String(index)));
    expect(findingsText([...many, unlisted("x", "low")])).toEqual([
      "ERROR   unlisted [default]: 2,000 alike, such as",
      "        task 0 is in no list",
      "        task 1 is in no list",
      "        task 2 is in no list",
      "        and 1,997 more; --json lists all",
      "        ->: it is listed again",
      "ERROR   unlisted [low]: task x is in no list",
      "        ->: it is listed again",
    ]);
  });

  it("tells each of a few", () => {
    expect(findingsText(["a", "b", "c", "d", "e"].map((id) => unlisted(id)))).toHaveLength(10);
  });

  it("shows what would steer a terminal", () => {
    const many = Array.from({ length: 6 }, () => unlisted("\u001b[31m", "\u001b[2J"));
    expect(findingsText(many).join("\n")).not.toContain("\u001b");
  });
});
