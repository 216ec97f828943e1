import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { redisServerPath, startRedisServer } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";

const root = join(import.meta.dirname, "../..");
let folder: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hikyaku-readme-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
});

afterEach(() => {
  child?.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** The program of a README, with this broker in place of its own; it prints a line once it listens to signals. */
function programOf(readme: string, broker: { readonly make: string; readonly from: string }): string {
  const text = readFileSync(join(root, readme), "utf8");
  const [, code = ""] = /^```ts\n(import \{ Client.*?)^```$/ms.exec(text) ?? [];
  const made = code.replace(/^const broker = .*$/m, `const broker = ${broker.make};`);
  const listening = made.replace(/^await server\.run\(\);/m, 'setImmediate(() => console.log("listening"));\n$&');
  expect(listening).not.toBe(made);
  const name = broker.make.slice(0, broker.make.indexOf("("));
  const ownName = `import { ${name} } from "hikyaku/${broker.from}";\n`;
  const mailer = "const mailer = { send: async (..._: unknown[]) => undefined };\n";
  return ownName + mailer + listening.replace(/^import \{ (redis|sqlite)Broker \}.*\n/m, "");
}

async function endsAtSigterm(program: string): Promise<void> {
  writeFileSync(join(folder, "program.ts"), program);
  const { NODE_OPTIONS: _, ...env } = process.env;
  const running = spawn(process.execPath, ["--conditions=source", "program.ts"], {
    ...{ cwd: folder, env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child = running;
  const ended = once(running, "exit");
  let printed = "";
  for await (const chunk of running.stdout.setEncoding("utf8")) {
    printed += chunk;
    if (printed.includes("listening\n")) running.kill("SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
}

describe.for(["README.md", "packages/core/README.md"])("the program in %s", (readme) => {
  it("ends at SIGTERM on a file", async () => {
    await endsAtSigterm(programOf(readme, { make: 'sqliteBroker({ path: "tasks.db" })', from: "sqlite" }));
  });

  it.skipIf(redisServerPath() === undefined)("ends at SIGTERM on Redis", async () => {
    const redis = await startRedisServer();
    onTestFinished(() => redis.stop());
    await endsAtSigterm(programOf(readme, { make: `redisBroker({ url: "${redis.url}" })`, from: "redis" }));
  });
});
