// One Redis for Go (Asynq) and TypeScript: whatever either side enqueues, the other can work on.
//   REDIS_URL=redis://127.0.0.1:6379 node --conditions=source examples/shared-with-go.ts
//
// The Go side, with github.com/hibiken/asynq, needs nothing special:
//   client := asynq.NewClient(asynq.RedisClientOpt{Addr: "127.0.0.1:6379"})
//   payload, _ := json.Marshal(map[string]any{"user_id": 42})
//   client.Enqueue(asynq.NewTask("image:resize", payload), asynq.Queue("images"))
import { Client, defineTask, Server } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import { z } from "zod";

// The type and the JSON are what both languages agree on: the field is spelled as Go's struct tag spells it.
const resizeImage = defineTask({
  type: "image:resize",
  payload: z.object({ user_id: z.number().int() }),
  queue: "images",
  maxRetry: 3,
  timeout: "1m", // Go reads whole seconds
});

const broker = redisBroker({ url: process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379" });
await broker.ready({ timeoutMs: 3_000 });

const client = new Client({ broker });
await client.enqueue(resizeImage, { user_id: 42 }, { uniqueFor: "1h" });
// The lock is the one that Go's asynq.Unique(time.Hour) takes, so the pair is refused whichever side comes second.
const second = await client.enqueue(resizeImage, { user_id: 42 }, { uniqueFor: "1h" }).catch((error) => error.code);
console.log(`the same again: ${second}`);

// A server that handles some types of a queue leaves the others to whoever handles them, such as a worker in Go.
const done = Promise.withResolvers<void>();
const server = new Server({ broker, concurrency: 10, queues: { images: 1 } });
server.handle(resizeImage, ({ payload }) => {
  console.log(`resized the images of user ${payload.user_id}`);
  done.resolve();
});
server.start();

await done.promise;
await server.stop();
await client.close();
await broker.close();
