import { describe, expect, it } from "vitest";
import { checkArchive } from "./check-archive.ts";

const now = 10_000_000;

/** A queue in which these tasks were archived, the newest first, and `total` altogether. */
function archiveOf(types: readonly (string | undefined)[], total = types.length) {
  const asked: unknown[] = [];
  const newest = types.map((type, index) => ({ taskId: `t${index}`, type, archivedAt: now - index * 1_000 }));
  return {
    asked,
    broker: {
      archivedSince: async (queue: string, since: number, limit: number) => {
        asked.push({ queue, since, limit });
        return { total, newest: newest.slice(0, limit) };
      },
    },
  };
}

describe("the check of an archive", () => {
  it("looks at the newest 500 of the last hour, and says `at least` where there are more", async () => {
    const { broker, asked } = archiveOf(Array.from({ length: 600 }, () => "t"));
    const findings = await checkArchive(broker, "default", now, {});
    expect(asked).toEqual([{ queue: "default", since: now - 3_600_000, limit: 500 }]);
    expect(findings.map(({ detail }) => detail)).toEqual([
      'at least 500 tasks of type "t" were archived in queue "default" in the last hour; the newest is t0',
      '600 tasks were archived in queue "default" in the last hour, 100 of them beside those named',
    ]);
    expect(findings[0]?.facts).toMatchObject({ tasks: 500, atLeast: true, newestTaskId: "t0", newestAt: now });
  });

  it("names twenty types, and counts the others", async () => {
    const { broker } = archiveOf(Array.from({ length: 30 }, (_, index) => `type-${index}`));
    const findings = await checkArchive(broker, "default", now, {});
    expect(findings).toHaveLength(21);
    expect(findings.at(-1)?.detail).toContain("10 of them beside those named");
  });

  it("counts tasks that can't be read, without a type", async () => {
    const { broker } = archiveOf([undefined]);
    const [finding] = await checkArchive(broker, "default", now, {});
    expect(finding?.detail).toBe(
      '1 task that can\'t be read was archived in queue "default" in the last hour; the newest is t0',
    );
    expect(finding?.facts).not.toHaveProperty("type");
  });
});
