// Prints the messages in its arguments, all asked for at once, then says on stderr how each of them went.
import { delayPrintHandler } from "@hikyaku/tasks";

const messages = process.argv.slice(2);
const handle = delayPrintHandler();
const { signal } = new AbortController();
const printed = await Promise.allSettled(
  messages.map((message) => handle({ payload: { message: JSON.parse(message) }, signal })),
);
for (const each of printed) {
  process.stderr.write(each.status === "fulfilled" ? "printed\n" : `failed: ${each.reason.message}\n`);
}
