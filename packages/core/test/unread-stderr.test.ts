import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const logger = fileURLToPath(new URL("../src/runtime/logger.ts", import.meta.url));

it("a process whose standard error nobody reads goes on, however much the default logger writes there", async () => {
  const program = `
    import { setTimeout as pause } from "node:timers/promises";
    import { jsonLogger } from ${JSON.stringify(logger)};
    await new Promise((resolve) => process.stdin.once("data", resolve));
    for (let line = 0; line < 20; line++) { jsonLogger("warn").error("line", { line }); await pause(1); }
    console.log("went on");
    process.exit(7);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: "pipe" });
  child.stderr.destroy();
  let out = "";
  child.stdout.on("data", (text) => {
    out += String(text);
  });
  child.stdin.write("go\n");
  const [exitCode] = await once(child, "close");
  expect(out).toBe("went on\n");
  expect(exitCode).toBe(7);
});
