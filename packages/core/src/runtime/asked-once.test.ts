import { describe, expect, it } from "vitest";
import { askedOnce } from "./asked-once.ts";

function setup() {
  const of = {};
  const calls: PromiseWithResolvers<number>[] = [];
  const ask = (signal?: AbortSignal, what = "servers") =>
    askedOnce(of, what, signal, () => {
      const call = Promise.withResolvers<number>();
      calls.push(call);
      return call.promise;
    });
  return { calls, ask };
}

describe("what is asked once", () => {
  it("is answered to all who asked before the answer came, and asked anew after it", async () => {
    const { calls, ask } = setup();
    const [one, other] = [ask(), ask()];
    expect(calls).toHaveLength(1);
    calls[0]?.resolve(1);
    expect(await Promise.all([one, other])).toEqual([1, 1]);
    const later = ask();
    calls[1]?.resolve(2);
    expect(await later).toBe(2);
  });

  it("fails for all who asked, and is asked anew after that", async () => {
    const { calls, ask } = setup();
    const answers = [ask(), ask()];
    calls[0]?.reject(new Error("away"));
    for (const answer of answers) await expect(answer).rejects.toThrow("away");
    const later = ask();
    calls[1]?.resolve(2);
    expect(await later).toBe(2);
  });

  it("is not waited for by who does not want to any more, while the others are answered", async () => {
    const { calls, ask } = setup();
    const leaving = new AbortController();
    const [one, other] = [ask(leaving.signal), ask()];
    leaving.abort(new Error("stopped"));
    await expect(one).rejects.toThrow("stopped");
    await expect(ask(leaving.signal)).rejects.toThrow("stopped");
    calls[0]?.resolve(1);
    expect(await other).toBe(1);
    expect(calls).toHaveLength(1);
  });

  it("is the same question only", async () => {
    const { calls, ask } = setup();
    const answers = [ask(undefined, "servers"), ask(undefined, "silent servers")];
    calls[0]?.resolve(1);
    calls[1]?.resolve(2);
    expect(await Promise.all(answers)).toEqual([1, 2]);
  });
});
