import { once } from "node:events";
import { connect } from "node:net";

export interface HeardCommand {
  readonly name: string;
  readonly inScript: boolean;
  readonly line: string;
}

/** Listens in on a Redis server, command by command, until it is stopped. */
export async function listen(port: number): Promise<{ stop(): Promise<readonly HeardCommand[]> }> {
  const socket = connect({ host: "127.0.0.1", port });
  let heard = "";
  socket.on("data", (chunk: Buffer) => {
    heard += chunk.toString("latin1");
  });
  await once(socket, "connect");
  socket.write("MONITOR\r\n");
  while (!heard.startsWith("+OK")) await once(socket, "data");
  return {
    async stop() {
      // Commands are told in their order, so this one's own end comes last.
      const mark = `end-${performance.now()}`;
      const other = connect({ host: "127.0.0.1", port });
      other.write(`PING ${mark}\r\n`);
      while (!heard.includes(mark)) await once(socket, "data");
      other.destroy();
      socket.destroy();
      return heard.split("\r\n").flatMap((line) => {
        const found = /^\+[\d.]+ \[\d+ ([^\]]+)\] "([^"]+)"/.exec(line);
        if (found === null || line.includes(mark)) return [];
        return [{ name: (found[2] ?? "").toLowerCase(), inScript: found[1] === "lua", line }];
      });
    },
  };
}
