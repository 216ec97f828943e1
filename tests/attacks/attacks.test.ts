import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { attacks } from "./attacks.ts";
import { runAttack } from "./run-attack.ts";
import { hasAddresses } from "./target.ts";
import { type StartedTarget, startTarget, targetKinds } from "./targets.ts";

describe.each(targetKinds)("under attack: %s", (kind) => {
  let started: StartedTarget;
  beforeAll(async () => {
    started = await startTarget(kind);
  });
  afterAll(() => started?.end());

  const mine = attacks.filter(({ on }) => on === kind);
  it.for(mine)("$name; others are served, and all is as before", async (attack, { skip }) => {
    skip(attack.needsAddress === true && !hasAddresses, "this system has one loopback address only");
    const report = await runAttack(attack, started.target, "short");
    expect(report.faults, JSON.stringify(report)).toEqual([]);
  });
});
