import { once } from "node:events";
import { connect } from "node:net";
import { percentile } from "./figure.ts";
import type { Recording } from "./recording-proxy.ts";
import { messagesOf, RespSkimmer, wordsOf } from "./resp.ts";

/** Commands that belong to a connection of their own, or that would hold this one up. */
const leftOut = /^(P|S)?SUBSCRIBE$|^BL|^BR|^BZ|^CLIENT$|^MONITOR$/i;

/** A recorded run as bytes to send again. */
export interface Replay {
  /** What filled the store, to be sent at once. */
  readonly fill: readonly Buffer[];
  /** What worked on it, to be sent with as many calls in flight as there were. */
  readonly work: readonly Buffer[];
  readonly inFlight: number;
}

/** Makes a replay of what passed before the mark, on all connections, and behind it on the one that worked. */
export function replayOf(recordings: readonly Recording[]): Replay {
  const fill = recordings.flatMap((recording) => commandsOf(recording, 0, recording.marked));
  const streams = recordings.map((recording) => ({
    recording,
    commands: commandsOf(recording, recording.marked, recording.pieces.length),
  }));
  const [busiest] = streams.sort((a, b) => b.commands.length - a.commands.length);
  if (busiest === undefined) throw new Error("expected a recorded connection, got none");
  const { commands, recording } = busiest;
  const digest = mostFrequent(commands.map(scriptOf));
  const last = commands.findLastIndex((command) => scriptOf(command) === digest);
  return { fill, work: commands.slice(0, last + 1), inFlight: inFlightOf(recording) };
}

/**
 * Sends the work of a replay, each call when an earlier one has its answer, and does nothing with the answers but see
 * where they end. Gives the seconds from the answer behind the first `warmUp` of them to the last.
 * @throws Error when Redis answers with an error.
 */
export async function replayWork(port: number, { work, inFlight }: Replay, warmUp: number): Promise<number> {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  const skimmer = new RespSkimmer();
  const done = Promise.withResolvers<void>();
  let [sent, start, end] = [0, 0, 0];
  const send = (): void => {
    const next = work[sent];
    if (next === undefined) return;
    sent++;
    socket.write(next);
  };
  const onEnd = (): void => {
    if (skimmer.messages === warmUp) start = performance.now();
    if (skimmer.messages === work.length) {
      end = performance.now();
      done.resolve();
    }
    send();
  };
  socket.on("data", (piece: Buffer) => skimmer.feed(piece, onEnd));
  socket.on("error", done.reject);
  socket.on("close", () => done.reject(new Error("the connection closed during the replay")));
  for (let call = 0; call < inFlight; call++) send();
  await done.promise;
  socket.destroy();
  if (skimmer.errors > 0) throw new Error(`expected answers, got ${skimmer.errors} errors of Redis`);
  return (end - start) / 1_000;
}

/** Sends what fills the store, all at once, and waits for the answers. */
export async function replayFill(port: number, { fill }: Replay): Promise<void> {
  await replayWork(port, { fill: [], work: fill, inFlight: 4 }, 0);
}

function commandsOf({ pieces }: Recording, from: number, to: number): Buffer[] {
  const bytes = pieces.slice(from, to).flatMap((piece) => (piece.fromClient ? [piece.bytes] : []));
  return messagesOf(Buffer.concat(bytes)).filter((command) => !leftOut.test(wordsOf(command, 1)[0] ?? ""));
}

function scriptOf(command: Buffer): string {
  const [name = "", digest = ""] = wordsOf(command, 2);
  return name.toUpperCase() === "EVALSHA" ? digest : "";
}

function mostFrequent(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) if (word !== "") counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}

/** How many calls usually had no answer yet when one was sent, that one included. */
function inFlightOf({ pieces, marked }: Recording): number {
  const [asked, answered] = [new RespSkimmer(), new RespSkimmer()];
  const waiting: number[] = [];
  for (const { fromClient, bytes } of pieces.slice(marked)) {
    (fromClient ? asked : answered).feed(bytes);
    if (fromClient) waiting.push(asked.messages - answered.messages);
  }
  return Math.max(1, percentile(waiting, 90));
}
