import { createClient } from "redis";

/** A client that sees what no broker shows. */
export type Raw = Awaited<ReturnType<typeof connectRaw>>;

export async function connectRaw(url: string) {
  const client = createClient({ url });
  await client.connect();
  return client;
}

/**
 * Where each task of a queue is, read straight from Redis without a broker. One text names every list and set with the
 * task, its state, its lease and its lock. If two of its texts differ, something happened to the task.
 */
export async function taskPlaces(raw: Raw, queue = "default"): Promise<Map<string, string>> {
  const marks = new Map<string, string[]>();
  const mark = (id: string, what: string): void => void marks.set(id, [...(marks.get(id) ?? []), what]);
  const prefix = `asynq:{${queue}}:`;
  const keys = [...(await raw.keys(`${prefix}*`)), ...(await raw.keys(`hikyaku:{${queue}}:leftovers:*`))];
  for (const key of keys) {
    const name = key.replace(prefix, "").replace(/:[0-9a-f]{8}-[0-9a-f-]{27}$/, ":<set>");
    const type = await raw.type(key);
    if (name.startsWith("t:")) {
      const state = type === "hash" ? await raw.hGet(key, "state") : `a ${type}`;
      mark(key.slice(prefix.length + 2), `is ${state}`);
    } else if (name.startsWith("unique:")) {
      mark(String(await raw.get(key)), "owns a lock");
    } else if (type === "list") {
      for (const id of await raw.lRange(key, 0, -1)) mark(id, `in ${name}`);
    } else if (type === "zset" && name !== "aggregation_sets") {
      for (const id of await raw.zRange(key, 0, -1)) mark(id, `in ${name}`);
    }
  }
  return new Map([...marks].map(([id, found]) => [id, found.sort().join(", ")]));
}

/** The tasks that somebody would look for in vain, or meet twice, with what is known of each. */
export function strandedIn(places: ReadonlyMap<string, string>): string[] {
  return [...places].flatMap(([id, words]) => {
    const state = /\bis (\w+)/.exec(words)?.[1];
    const named = words.split(", ").filter((word) => word.startsWith("in ") && word !== "in lease");
    const expected = state === "aggregating" ? /^in (hikyaku:.*|g:.*)$/ : new RegExp(`^in ${state}$`);
    const isSound = named.length === 1 && expected.test(named[0] ?? "");
    return isSound && words.includes("in lease") === (state === "active") ? [] : [`${id}: ${words}`];
  });
}
