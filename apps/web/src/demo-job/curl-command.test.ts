import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { curlCommand } from "./curl-command.ts";

it("says what the form says, with the defaults where it is empty", () => {
  expect(curlCommand("http://127.0.0.1:8080", { delay_seconds: 3 })).toBe(
    `curl -X POST \\
  'http://127.0.0.1:8080/api/dm-jobqueue/register' \\
  -H 'Content-Type: application/json' \\
  -d '{"message": "Job executed successfully",
       "delay_seconds": 3,
       "max_retry": 10}'`,
  );
});

it("is one command in a shell, whatever the message holds", () => {
  const message = `it's "$(id)" \\ \`x\` 飛脚`;
  const command = curlCommand("http://127.0.0.1:8080", { message });
  const words = execFileSync("sh", ["-c", `curl() { for word; do printf '%s\\0' "$word"; done; }; ${command}`])
    .toString()
    .split("\0");
  expect(JSON.parse(words[6] ?? "")).toMatchObject({ message });
});
