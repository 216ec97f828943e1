import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { LinePrinter } from "./line-printer.ts";

/** A pipe that takes about 64 KiB and then answers EAGAIN, and a way to read what is in it. */
async function fullablePipe() {
  const folder = await mkdtemp(join(tmpdir(), "hikyaku-pipe-"));
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  onTestFinished(async () => {
    closeSync(descriptor);
    await rm(folder, { recursive: true });
  });
  const chunk = Buffer.alloc(1 << 20);
  const read = (): string => {
    try {
      return chunk.toString("utf8", 0, readSync(descriptor, chunk));
    } catch {
      return "";
    }
  };
  return { printer: new LinePrinter(descriptor), read };
}

const never = new AbortController().signal;
const oneTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("line printer", () => {
  it("has written a line when it resolves", async () => {
    const { printer, read } = await fullablePipe();
    await printer.print("hello", never);
    expect(read()).toBe("hello\n");
  });

  it("goes on where it stopped once a full pipe has room, and mixes no lines", async () => {
    const { printer, read } = await fullablePipe();
    const lines = ["a", "b", "c"].map((letter) => letter.repeat(100_000));
    let open = true;
    const printed = Promise.all(lines.map((line) => printer.print(line, never))).finally(() => {
      open = false;
    });
    let output = "";
    while (open) {
      output += read();
      await oneTurn();
    }
    await printed;
    expect(`${output}${read()}` === `${lines.join("\n")}\n`).toBe(true);
  });

  it("stops waiting when the signal fires, and starts the next line on a line of its own", async () => {
    const { printer, read } = await fullablePipe();
    const controller = new AbortController();
    const stopped = printer.print("x".repeat(100_000), controller.signal);
    const next = printer.print("next", never);
    await oneTurn();
    controller.abort(new Error("deadline"));
    await expect(stopped).rejects.toThrow("deadline");
    const cut = read();
    await next;
    expect(cut).toMatch(/^x+$/);
    expect(read()).toBe("\nnext\n");
  });

  it("names what can't be written to", async () => {
    await expect(new LinePrinter(9_999).print("x", never)).rejects.toThrow(
      "the line can't be written to file descriptor 9999: EBADF",
    );
  });
});
