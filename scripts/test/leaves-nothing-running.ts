// Runs around every test file: it fails when the file leaves a child process, a server or a worker thread behind.
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, expect } from "vitest";

const graceMs = 2_000;
const watched: Record<string, string> = {
  ProcessWrap: "child process",
  TCPServerWrap: "listening server",
  PipeServerWrap: "listening server on a socket file",
  Worker: "worker thread",
};

const before = running();

// Registered first, so it runs after every hook of the file itself.
afterAll(async () => {
  const deadline = performance.now() + graceMs;
  while (leftOver().length > 0 && performance.now() < deadline) await delay(20);
  expect(leftOver(), "this test file left something running").toEqual([]);
}, graceMs * 5);

function leftOver(): string[] {
  return [...running()]
    .filter(([kind, count]) => count > (before.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (before.get(kind) ?? 0)} × ${watched[kind]}`);
}

function running(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind in watched) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
