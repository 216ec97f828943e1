import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { Target } from "./target.ts";

/**
 * What is attacked. `api` and `worker`: as they run in `local`, with the usual limit of open files. `staging`: the API where
 * no credential was set. `impostor`: the API on what answers `+OK` to everything instead of a Redis.
 */
export type TargetKind = "api" | "worker" | "staging" | "impostor";
export const targetKinds: readonly TargetKind[] = ["api", "worker", "staging", "impostor"];

export interface StartedTarget {
  readonly target: Target;
  end(): Promise<void>;
}

export async function startTarget(kind: TargetKind): Promise<StartedTarget> {
  if (kind === "impostor") return startOnImpostor();
  const target = await Target.start(kind === "worker" ? "worker" : "api", {
    // A server that takes more than this stops serving everybody.
    descriptorLimit: 1_024,
    env: kind === "staging" ? "staging" : "local",
  });
  // What is compiled and cached with the first answers is none of an attack's.
  for (const path of kind === "worker" ? ["/health", "/readyz"] : ["/", "/docs/", "/openapi.json"]) {
    await target.ask(path);
  }
  return { target, end: () => target.end() };
}

async function startOnImpostor(): Promise<StartedTarget> {
  const sockets = new Set<Socket>();
  const impostor = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (commands) => {
      socket.write("+OK\r\n".repeat(String(commands).match(/^\*\d+\r$/gm)?.length ?? 1));
    });
  });
  impostor.listen(0, "127.0.0.1");
  await once(impostor, "listening");
  const { port } = impostor.address() as AddressInfo;
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    impostor.close();
  };
  const settings = { JOBQUEUE__STORE: "redis", REDIS__JOBQUEUE__ADDR: `127.0.0.1:${port}` };
  const target = await Target.start("api", { settings }).catch((error: unknown) => {
    stop();
    throw error;
  });
  return {
    target,
    end: async () => {
      await target.end();
      stop();
    },
  };
}
