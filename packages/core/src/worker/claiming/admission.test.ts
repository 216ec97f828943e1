import { describe, expect, it } from "vitest";
import { aTask } from "../../../test/support/builders.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { type LogFields, silentLogger } from "../../runtime/logger.ts";
import { anyCompany, Company } from "../handling/company.ts";
import { HeldTask, momentOf } from "../leases/held-task.ts";
import { Admission } from "./admission.ts";

function setup() {
  const clock = new FakeClock();
  const company = new Company();
  const noted: string[] = [];
  const impatient: HeldTask[] = [];
  const broker = {
    beginAlone: async ({ taskId }: { readonly taskId: string }) => {
      noted.push(taskId);
      return "held" as const;
    },
  };
  const lines: (LogFields | undefined)[] = [];
  const taskLog = { ...silentLogger, warn: (_: string, fields?: LogFields) => void lines.push(fields) };
  const options = { broker, clock, company, concurrency: 10, taskLog };
  const admission = new Admission(options, (task) => impatient.push(task));
  const held = (lostAttempts: number): HeldTask => {
    const message = aTask();
    const lease = { queue: "default", taskId: message.id, token: "server/1" };
    const claimed = { message, lease, leaseEndsAt: clock.now() + 30_000, pendingSince: undefined, lostAttempts };
    return new HeldTask(claimed, clock, momentOf(clock), clock.monotonic(), 30_000, 5_000);
  };
  return { clock, company, admission, held, noted, impatient, lines };
}

describe("the admission of tasks", () => {
  it("lets begin without a word what was there at no more than one death", () => {
    const { admission, held } = setup();
    const tasks = [held(0), held(1), held(0)];
    expect(admission.inOrder(tasks)).toBe(tasks);
    for (const task of tasks) expect([admission.admit(task), admission.isToBeNoted(task)]).toEqual(["begin", false]);
    expect(admission.mostClaimed).toBe(anyCompany);
  });

  it("takes those first that bear little company, notes who is alone, and refuses the others", async () => {
    const { admission, held, noted, lines } = setup();
    const [fresh, suspect, other] = [held(0), held(2), held(3)];
    expect(admission.inOrder([fresh, suspect, other])).toEqual([suspect, other, fresh]);
    expect(admission.admit(suspect)).toBe("begin");
    expect([admission.isToBeNoted(suspect), await admission.noteAlone(suspect)]).toEqual([true, true]);
    expect([admission.isToBeNoted(suspect), noted]).toEqual([false, [suspect.claimed.message.id]]);
    expect([admission.admit(other), admission.admit(fresh), admission.mostClaimed]).toEqual(["wait", "refused", -1]);
    const { id: taskId } = other.claimed.message;
    expect(lines).toMatchObject([{ taskId, lostAttempts: 3, together: 1, atMostMs: 120_000 }]);
    admission.leave(suspect);
    admission.leave(suspect);
    expect([admission.next(), admission.isToBeNoted(other)]).toEqual([other, true]);
  });

  it("claims one at a time after it met a suspect, until a claim brings none", () => {
    const { admission, held } = setup();
    const suspect = held(2);
    admission.inOrder([suspect]);
    admission.admit(suspect);
    expect(admission.mostClaimed).toBe(0);
    admission.leave(suspect);
    expect(admission.mostClaimed).toBe(1);
    admission.inOrder([held(0)]);
    expect(admission.mostClaimed).toBe(anyCompany);
  });

  it("lets a task begin beside the others when it has waited a minute, two after a further death, proving nothing", () => {
    for (const [lostAttempts, minutes] of [
      [2, 1],
      [3, 2],
      [100, 60],
    ] as const) {
      const { clock, admission, company, held, impatient } = setup();
      admission.admit(held(0));
      const suspect = held(lostAttempts);
      expect(admission.admit(suspect)).toBe("wait");
      clock.advance(minutes * 60_000 - 1);
      expect([impatient, admission.waiting, suspect.waits]).toEqual([[], suspect, true]);
      clock.advance(1);
      expect([impatient, admission.waiting, suspect.waits]).toEqual([[suspect], undefined, false]);
      expect([admission.isToBeNoted(suspect), company.room]).toEqual([false, anyCompany]);
      expect(admission.admit(held(0))).toBe("begin");
    }
  });
});
