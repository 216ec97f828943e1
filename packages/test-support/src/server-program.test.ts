import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { isSince, serverProgram, speaksTls } from "./server-program.ts";

/** A program that prints this text, whatever it is asked. */
function aProgram(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "hikyaku-program-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "server");
  writeFileSync(path, `#!/bin/sh\ncat <<'TEXT'\n${text}\nTEXT\n`);
  chmodSync(path, 0o755);
  return path;
}

it.each([
  ["Redis server v=6.2.14 sha=40305114:0 malloc=libc bits=64", { product: "Redis", version: "6.2.14" }],
  ["Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64", { product: "Valkey", version: "9.1.2" }],
  ["KeyDB server v=6.3.4 sha=00000000:0 malloc=jemalloc", { product: "KeyDB", version: "6.3.4" }],
])("a server program says what it is: %s", (text, program) => {
  expect(serverProgram(aProgram(text))).toEqual(program);
});

it("is refused where it is no such server, or can't be run", () => {
  expect(() => serverProgram(aProgram("hello"))).toThrow(/expected a server that tells its version .*got "hello/);
  expect(() => serverProgram("/nowhere/redis-server")).toThrow(/expected a server .*ENOENT/);
});

it.each([
  ["7.0.15", "7.0", true],
  ["7.2", "7.2.0", true],
  ["6.2.14", "7.0", false],
  ["10.0.1", "9.1", true],
  ["9.0.9", "9.1", false],
])("version %s, asked whether it is %s or later: %s", (version, wanted, answer) => {
  expect(isSince({ product: "Redis", version }, wanted)).toBe(answer);
});

it.each([
  [">>> 'tls-port \"1\"'\nBad directive or wrong number of arguments", false],
  ["# Missing implement of connection type tls\n# Failed finding TLS support.", false],
  ["# No tls-cert-file configured!\n# Failed to configure TLS. Check logs for more info.", true],
])("a server that ends with %j has TLS: %s", (text, answer) => {
  expect(speaksTls(aProgram(text))).toBe(answer);
});
