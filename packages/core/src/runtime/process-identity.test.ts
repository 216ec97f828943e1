import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { isSurelyGone, ownProcessIdentity } from "./process-identity.ts";

const program = `import(${JSON.stringify(new URL("process-identity.ts", import.meta.url).href)}).then((module) => {
  console.log(module.ownProcessIdentity());
  setInterval(() => undefined, 1000);
});`;

async function otherProcess() {
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { pid: child.pid ?? -1, identity: line.toString().trim(), child, exited };
}

describe("the identity of a process", () => {
  it("says that this one runs", () => {
    const identity = ownProcessIdentity();
    expect(identity).toBeTypeOf("string");
    expect(isSurelyGone(process.pid, identity ?? "")).toBe(false);
  });

  it("says of another one that it runs, also while it is stopped, and that it is gone once it was killed", async () => {
    const { pid, identity, child, exited } = await otherProcess();
    expect(isSurelyGone(pid, identity)).toBe(false);
    child.kill("SIGSTOP");
    expect(isSurelyGone(pid, identity)).toBe(false);
    child.kill("SIGKILL");
    await exited;
    expect(isSurelyGone(pid, identity)).toBe(true);
  });

  it("says nothing for sure about processes of another machine, or another container", () => {
    expect(isSurelyGone(999_999, "another boot/pid:[1]/123")).toBe(false);
    expect(isSurelyGone(999_999, "")).toBe(false);
  });

  it("is told on macOS too, where there is no /proc, whichever minute the start of the machine falls into", async () => {
    const { pid, child, exited } = await otherProcess();
    const { platform } = process;
    Object.defineProperty(process, "platform", { value: "darwin" });
    onTestFinished(() => void Object.defineProperty(process, "platform", { value: platform }));
    const [, machine = "", minute = ""] = /^(darwin\/.*)\/(\d+)\/running$/.exec(ownProcessIdentity() ?? "") ?? [];
    expect(machine).not.toBe("");
    const identities = [-1, 0, 1].map((later) => `${machine}/${Number(minute) + later}/running`);
    for (const identity of identities) expect(isSurelyGone(pid, identity)).toBe(false);
    child.kill("SIGKILL");
    await exited;
    for (const identity of identities) expect(isSurelyGone(pid, identity)).toBe(true);
    expect(isSurelyGone(pid, `${machine}/${Number(minute) - 60}/running`)).toBe(false);
    expect(isSurelyGone(pid, `darwin/another machine/${minute}/running`)).toBe(false);
  });

  it.runIf(process.platform === "linux")("sees through a process number that was used again", () => {
    const [world] = /^.*\//.exec(ownProcessIdentity() ?? "") ?? [];
    expect(isSurelyGone(process.pid, `${world}1`)).toBe(true);
  });
});
