import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Piece {
  readonly fromClient: boolean;
  readonly bytes: Buffer;
}

/** What passed over one connection, in order; `marked` is how many pieces had passed at the mark. */
export interface Recording {
  readonly pieces: readonly Piece[];
  readonly marked: number;
}

export interface RecordingProxy {
  readonly port: number;
  /** From here on pieces count as behind the mark. */
  mark(): void;
  recordings(): readonly Recording[];
  close(): Promise<void>;
}

/** A TCP proxy on loopback that keeps all that passes. */
export async function startRecordingProxy(targetPort: number): Promise<RecordingProxy> {
  const recordings: { pieces: Piece[]; marked: number }[] = [];
  const sockets = new Set<Socket>();
  let isMarked = false;
  const server = createServer((client) => {
    const recording = { pieces: [] as Piece[], marked: isMarked ? 0 : Number.POSITIVE_INFINITY };
    recordings.push(recording);
    const target = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    client.setNoDelay(true);
    for (const [side, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(side);
      side.on("data", (bytes: Buffer) => {
        recording.pieces.push({ fromClient: side === client, bytes });
        other.write(bytes);
      });
      side.on("error", () => other.destroy());
      side.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a TCP address");
  return {
    port: address.port,
    mark: () => {
      isMarked = true;
      for (const recording of recordings) recording.marked = Math.min(recording.marked, recording.pieces.length);
    },
    recordings: () => recordings.map(({ pieces, marked }) => ({ pieces, marked: Math.min(marked, pieces.length) })),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
