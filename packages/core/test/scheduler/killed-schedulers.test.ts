import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { aClaim } from "../support/builders.ts";
import { Happenings, stores } from "../worker/stores.ts";

const program = fileURLToPath(new URL("child-scheduler.ts", import.meta.url));

/** Numbers from 0 up to but not including 1, always the same. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

describe.each(stores)("schedulers on $name", ({ open }) => {
  it("fire every turn once while one after the other is killed", { timeout: 60_000 }, async () => {
    const store = await open();
    const broker = store.connect();
    await broker.ready();
    const random = seeded(20_260_514);
    const lines = new Happenings<string>();
    const start = (): ChildProcess => {
      const child = spawn(process.execPath, ["--conditions=source", program, store.address, "* * * * * *", "tick"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(child, "exit");
      onTestFinished(async () => {
        child.kill("SIGKILL");
        await exited;
      });
      createInterface(child.stdout).on("line", (line) => lines.add(line));
      return child;
    };
    const children = [start(), start(), start()];
    for (let kills = 1; kills <= 4; kills++) {
      await lines.reach(lines.all.length + 1 + Math.floor(random() * 2));
      children.splice(Math.floor(random() * children.length), 1)[0]?.kill("SIGKILL");
      children.push(start());
    }
    await lines.reach(lines.all.length + 2);
    for (const child of children) child.kill("SIGTERM");
    await Promise.all(children.map((child) => child.exitCode ?? once(child, "exit")));
    const { tasks } = await broker.claim(aClaim({ limit: 1_000 }));
    const turns = tasks
      .map(({ message }) => Number.parseInt(message.id.replaceAll("-", "").slice(0, 12), 16))
      .sort((a, b) => a - b);
    const [first = 0] = turns;
    expect(turns).toEqual(turns.map((_, index) => first + index * 1_000));
    expect(turns.length).toBeGreaterThanOrEqual(5);
    const said = lines.all.map((line) => Number(line.slice("fired ".length)));
    expect(new Set(said).size).toBe(said.length);
  });
});
