import { afterEach, describe, expect, it } from "vitest";
import { onStopSignals } from "./stop-signals.ts";

const ends: (() => void)[] = [];

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function listen() {
  const heard: string[] = [];
  const end = onStopSignals(
    () => heard.push("first"),
    () => heard.push("again"),
  );
  ends.push(end);
  return { heard, end };
}

/** As when the signal comes in: with the listeners that the process has then. */
function send(name: "SIGINT" | "SIGTERM"): void {
  process.emit(name);
}

describe("stop signals", () => {
  it("have one listener on the process, however many wait for them, and none when nobody does", () => {
    const before = [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];
    const counts = () => [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];
    for (let count = 0; count < 20; count++) listen();
    expect(counts()).toEqual(before.map((count) => count + 1));
    for (const end of ends.splice(0)) {
      end();
      end();
    }
    expect(counts()).toEqual(before);
  });

  it("are the first one to each that waits, whoever heard one before, and later ones after that", () => {
    const early = listen();
    send("SIGTERM");
    const late = listen();
    send("SIGINT");
    send("SIGTERM");
    expect(early.heard).toEqual(["first", "again", "again"]);
    expect(late.heard).toEqual(["first", "again"]);
  });

  it("are not heard by who has ended, nor by who is made to end by one that heard it before", () => {
    const ender = onStopSignals(
      () => ended.end(),
      () => undefined,
    );
    ends.push(ender);
    const ended = listen();
    const other = listen();
    send("SIGINT");
    other.end();
    send("SIGINT");
    expect(ended.heard).toEqual([]);
    expect(other.heard).toEqual(["first"]);
  });
});
