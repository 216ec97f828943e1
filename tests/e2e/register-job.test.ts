import { REGISTER_DEMO_JOB_PATH } from "@hikyaku/contract";
import { freePort, type RedisServer, startRedisServer } from "@hikyaku/test-support";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AppProcess, AppProcesses, eventually } from "../integration/support/app-process.ts";
import { missingRedis, storeKinds, type TestStore, titled } from "../integration/support/stores.ts";
import { launchBrowser, missingChromium, type Visit, visit } from "./support/browser.ts";

/** What people read on the pages, by language. */
const words = {
  "en-US": {
    link: "Register a job",
    heading: "Register a job",
    message: "Message",
    delay: "Delay (seconds)",
    retries: "Retries",
    submit: "Register job",
    counting: /^Prints in /,
    printed: /^Printed by pid \d+ on .*: (\d+ ms after|at) its time\.$/,
    invalid: "Nothing was registered",
    limited: "Too many requests",
    notStored: "Not registered",
    again: "Register again",
    notFound: "Page not found",
  },
  "ja-JP": {
    link: "ジョブを登録する",
    heading: "ジョブを登録",
    message: "メッセージ",
    delay: "待ち時間（秒）",
    retries: "再試行の回数",
    submit: "ジョブを登録",
    counting: /に出力します。あと /,
    printed: /のワーカー（pid \d+、.*）が出力しました。予定時刻(の \d+ ミリ秒後|どおり)です。$/,
    invalid: "登録されていません",
    limited: "リクエストが多すぎます",
    notStored: "未登録",
    again: "もう一度登録",
    notFound: "ページが見つかりません",
  },
} as const;
const locales = ["en-US", "ja-JP"] as const;

describe.skipIf(missingChromium !== undefined)(titled("in a browser", missingChromium), () => {
  const apps = new AppProcesses();
  const visits: Visit[] = [];
  let browser: Browser;
  let store: TestStore;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const [embedded] = storeKinds;
    if (embedded === undefined) throw new Error("expected the embedded store");
    store = await embedded.create();
  });
  afterEach(async () => {
    const troubles = visits.flatMap((each) => each.troubles);
    await Promise.all(visits.splice(0).map(({ context }) => context.close()));
    await apps.killAll();
    await store.remove();
    expect(troubles).toEqual([]);
  });

  async function start(settings: Record<string, string | number> = {}): Promise<{ app: AppProcess; origin: string }> {
    const port = await freePort();
    const app = apps.start("standalone", { settings: { ...store.settings, SERVER__PORT: port, ...settings } });
    await app.ready();
    return { app, origin: `http://127.0.0.1:${port}` };
  }

  async function open(origin: string, path: string, locale: (typeof locales)[number]): Promise<Page> {
    const visited = await visit(browser, origin, locale);
    visits.push(visited);
    await visited.page.goto(path);
    return visited.page;
  }

  it.each(locales)("a job goes from the top page's link to the printed line (%s)", async (locale) => {
    const text = words[locale];
    const { app, origin } = await start();
    const page = await open(origin, "/", locale);
    expect(await page.locator("html").getAttribute("lang")).toBe(locale.slice(0, 2));
    await page.getByRole("main").getByRole("link", { name: text.link }).click();
    await page.getByRole("heading", { level: 1, name: text.heading }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/dm-jobqueue");
    await page.getByLabel(text.message).fill(`飛脚 ${locale}`);
    await page.getByLabel(text.delay).fill("1");
    await page.getByLabel(text.retries).fill("3");
    const [response] = await Promise.all([
      page.waitForResponse(`**${REGISTER_DEMO_JOB_PATH}`),
      page.getByRole("button", { name: text.submit }).click(),
    ]);
    const asked = { message: `飛脚 ${locale}`, delay_seconds: 1, max_retry: 3 };
    const { job_id: jobId } = (await response.json()) as { job_id: string };
    expect(response.request().postDataJSON()).toEqual({ ...asked, job_id: jobId });
    const card = page.getByRole("article", { name: asked.message });
    await card.getByText(jobId).waitFor();
    await app.stdout.next(new RegExp(`\\] 飛脚 ${locale}$`));
    await card.getByText(text.printed).waitFor();
  });

  it.each(locales)("everything can be done with the keyboard alone (%s)", async (locale) => {
    const text = words[locale];
    const { app, origin } = await start();
    const page = await open(origin, "/", locale);
    const link = page.getByRole("main").getByRole("link", { name: text.link });
    await link.waitFor();
    await tabTo(page, link);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: text.heading }).waitFor();
    await tabTo(page, page.getByLabel(text.message));
    await page.keyboard.type("typed");
    await tabTo(page, page.getByLabel(text.delay));
    await page.keyboard.type("1");
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "typed" }).waitFor();
    await app.stdout.next(/\] typed$/);
  });

  it.each(locales)("a value that cannot be is explained before anything is sent (%s)", async (locale) => {
    const text = words[locale];
    const { origin } = await start();
    const page = await open(origin, "/dm-jobqueue", locale);
    await page.getByLabel(text.delay).fill("-1");
    await page.getByRole("button", { name: text.submit }).click();
    await page.locator("input[aria-invalid=true]").waitFor();
    expect(await page.locator(":focus").getAttribute("name")).toBe("delay_seconds");
  });

  it.each(locales)("what only the server refuses is explained at its field: 422 (%s)", async (locale) => {
    const text = words[locale];
    const { origin } = await start();
    const page = await open(origin, "/dm-jobqueue", locale);
    await page.route(`**${REGISTER_DEMO_JOB_PATH}`, (route) => route.continue({ postData: '{"delay_seconds":-5}' }));
    await page.getByRole("button", { name: text.submit }).click();
    await page.getByText(text.invalid).first().waitFor();
    await page.getByText("got -5").first().waitFor();
    await page.locator("input[name=delay_seconds][aria-invalid=true]").waitFor();
  });

  it.each(locales)("too many requests are told with the time to wait: 429 (%s)", async (locale) => {
    const text = words[locale];
    const { origin } = await start({ API__RATE_LIMIT__REQUESTS_PER_MINUTE: 3 });
    const page = await open(origin, "/dm-jobqueue", locale);
    const submit = page.getByRole("button", { name: text.submit });
    // The page's own questions count as well, so it is not known which press is one too many.
    const statuses: number[] = [];
    while (!statuses.includes(429) && statuses.length < 4) {
      const [answer] = await Promise.all([page.waitForResponse(`**${REGISTER_DEMO_JOB_PATH}`), submit.click()]);
      statuses.push(answer.status());
    }
    expect(statuses.at(-1)).toBe(429);
    await page.getByRole("heading", { name: text.limited }).waitFor();
  });

  it.each(locales)("an address that is not there has a page that says so (%s)", async (locale) => {
    const { origin } = await start();
    const visited = await visit(browser, origin, locale);
    visits.push(visited);
    const response = await visited.page.goto("/no/such/page");
    expect(response?.status()).toBe(200);
    await visited.page.getByRole("heading", { name: words[locale].notFound }).waitFor();
  });

  it("the API's documentation is shown without help from other servers", async () => {
    const { origin } = await start();
    const page = await open(origin, "/docs", "en-US");
    await page.getByText(REGISTER_DEMO_JOB_PATH).first().waitFor();
  });

  describe.skipIf(missingRedis !== undefined)(titled("on Redis", missingRedis), () => {
    let redis: RedisServer;
    beforeEach(async () => {
      redis = await startRedisServer();
    });
    afterEach(() => redis.stop());

    it.each(locales)(
      "an unreachable store is told, and the next try works when it is back: 503 (%s)",
      async (locale) => {
        const text = words[locale];
        const { origin } = await start({ JOBQUEUE__STORE: "redis", REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}` });
        const page = await open(origin, "/dm-jobqueue", locale);
        await redis.kill();
        await page.getByRole("button", { name: text.submit }).click();
        const card = page.getByRole("article");
        await card.getByText(text.notStored).waitFor();
        await redis.restart();
        await eventually(5000, async () => expect((await fetch(`${origin}/readyz`)).status).toBe(200));
        await card.getByRole("button", { name: text.again }).click();
        await card.getByText(text.counting).waitFor();
        expect(await card.count()).toBe(1);
        await page.locator("article:focus").waitFor();
      },
    );
  });
});

/** Presses Tab until the element has the focus; fails when it cannot be reached. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  const focused = target.and(page.locator(":focus"));
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    if ((await focused.count()) > 0) return;
  }
  throw new Error(`${target} was not reached with the Tab key`);
}
