import { freePort, startRedisServer } from "@hikyaku/test-support";
import { type AppProcess, AppProcesses } from "../../integration/support/app-process.ts";

/** Programs for the commands of pages: a Redis as the pages want it, and API server and worker as `npm start` runs them. */
export interface World {
  /** Of the API server, which the pages know as 8080. */
  readonly port: number;
  readonly redisPort: number;
  readonly app: AppProcess;
  /** What tells the commands of all this. */
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const token = "0123456789abcdef0123456789abcdef";
const dataIsSafe = ["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"];

export async function startWorld(): Promise<World> {
  const redis = await startRedisServer({ args: dataIsSafe });
  const apps = new AppProcesses();
  const port = await freePort();
  const settings = {
    JOBQUEUE__STORE: "redis",
    REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}`,
    SERVER__PORT: String(port),
    API__RATE_LIMIT__ENABLED: "false",
    API__OPERATIONS__TOKEN: token,
  };
  const variables = Object.entries(settings).map(([name, value]) => [`HIKYAKU__${name}`, value] as const);
  const world = {
    port,
    redisPort: redis.port,
    app: apps.start("standalone", { settings }),
    env: { APP_ENV: "local", TOKEN: token, ...Object.fromEntries(variables) },
    end: async () => {
      await apps.killAll();
      await redis.stop();
    },
  };
  try {
    await world.app.ready();
    return world;
  } catch (error) {
    await world.end();
    throw error;
  }
}
