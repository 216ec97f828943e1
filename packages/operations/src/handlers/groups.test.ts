import { expect, it } from "vitest";
import { describeOnBothStores } from "../../test/stores.ts";
import { aTask } from "../../test/tasks.ts";

describeOnBothStores("groups over HTTP", (served) => {
  const collect = (group: string, count: number) =>
    served.broker.enqueue(Array.from({ length: count }, () => aTask({ queue: "mail", group })));
  const counts = async () => (await served.json("GET", "/queues/mail")).body.counts;

  it("are listed by name, page by page, with their size and age", async () => {
    for (const group of ["b", "a", "c/ü"]) await collect(group, 2);
    await expect.poll(async () => (await served.json("GET", "/queues/mail/groups")).status).toBe(200);
    const first = (await served.json("GET", "/queues/mail/groups?limit=2")).body;
    const at = expect.stringMatching(/^20.*Z$/);
    expect(first.groups).toEqual([
      { group: "a", size: 2, oldest_at: at, newest_at: at },
      { group: "b", size: 2, oldest_at: at, newest_at: at },
    ]);
    const rest = (await served.json("GET", `/queues/mail/groups?cursor=${first.next}`)).body;
    expect(rest).toMatchObject({ groups: [{ group: "c/ü" }], next: null });
  });

  it("have all their tasks run, archived or deleted, and no others", async () => {
    for (const group of ["run", "keep", "drop", "stay"]) await collect(group, 2);
    const done = (group: string) => ({
      status: 200,
      body: { queue: "mail", group, changed: 2, refused: {}, complete: true },
    });
    await expect.poll(async () => (await served.json("GET", "/queues/mail")).status).toBe(200);
    expect(await served.json("POST", "/queues/mail/groups/run/run", { reason: "now" })).toEqual(done("run"));
    expect(await served.json("POST", "/queues/mail/groups/keep/archive", {})).toEqual(done("keep"));
    expect(await served.json("DELETE", "/queues/mail/groups/drop?reason=over")).toEqual(done("drop"));
    expect(await counts()).toMatchObject({ pending: 2, archived: 2, aggregating: 2 });
    expect(await served.json("POST", "/queues/mail/groups/none/run", {})).toMatchObject({ body: { changed: 0 } });
    expect(await served.json("POST", "/queues/none/groups/run/run", {})).toMatchObject({ status: 404 });
    for (const held of ["read", "enqueue"]) {
      expect((await served.ask("DELETE", "/queues/mail/groups/stay", undefined, held)).status).toBe(403);
    }
  });
});
