import { REGISTER_DEMO_JOB_PATH } from "@hikyaku/contract";
import { freePort, type RedisServer, startRedisServer } from "@hikyaku/test-support";
import { Inspector } from "hikyaku";
import { redisBroker } from "hikyaku/redis";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AppName, type AppProcess, AppProcesses, register } from "../integration/support/app-process.ts";
import { missingRedis, titled } from "../integration/support/stores.ts";
import { launchBrowser, missingChromium, type Visit, visit } from "./support/browser.ts";

const missing = missingChromium ?? missingRedis;
/** A killed worker is on the list of live ones for ten seconds. */
const forgottenMs = 40_000;

describe.skipIf(missing !== undefined)(titled("what becomes of a job is told on its page", missing), () => {
  const apps = new AppProcesses();
  const visits: Visit[] = [];
  let browser: Browser;
  let redis: RedisServer;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    redis = await startRedisServer();
  });
  afterEach(async () => {
    const troubles = visits.flatMap((each) => each.troubles);
    await Promise.all(visits.splice(0).map(({ context }) => context.close()));
    await apps.killAll();
    await redis.stop();
    expect(troubles).toEqual([]);
  });

  async function start(name: AppName, settings: Record<string, string> = {}): Promise<AppProcess & { port: number }> {
    const port = await freePort();
    const app = apps.start(name, {
      settings: {
        JOBQUEUE__STORE: "redis",
        REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}`,
        SERVER__PORT: port,
        JOBQUEUE__PORT: await freePort(),
        ...settings,
      },
    });
    await app.ready();
    return Object.assign(app, { port });
  }

  async function open(port: number, path: string, locale: "en-US" | "ja-JP" = "en-US"): Promise<Page> {
    const visited = await visit(browser, `http://127.0.0.1:${port}`, locale);
    visits.push(visited);
    await visited.page.goto(path);
    return visited.page;
  }

  it("from registered to printed, past a killed worker, a reload and the worker that comes after it", async () => {
    const api = await start("api");
    const first = await start("worker");
    const page = await open(api.port, "/dm-jobqueue");
    await page.getByLabel("Message").fill("to be printed by the second");
    await page.getByLabel("Delay").fill("8");
    await page.getByRole("button", { name: "Register job" }).click();
    const card = page.getByRole("article", { name: "to be printed by the second" });
    await card.getByText(/^Prints in \d s, at /).waitFor();
    await first.kill();
    await card.getByText(/^Due for \d+ s\. No worker takes from default\./).waitFor({ timeout: forgottenMs });
    await page.getByRole("heading", { name: "Nobody works on this queue: your job will wait" }).waitFor();
    await page
      .getByRole("status")
      .getByText(/^to be printed by the second: Due for /)
      .waitFor();
    await page.reload();
    await card.getByText(/^Due for \d+ s\. No worker takes from default\./).waitFor();
    const second = await start("worker");
    await card.getByText(new RegExp(`^Printed by pid ${second.pid} on .* ?(after|at) its time\\.$`)).waitFor();
    await second.stdout.next(/\] to be printed by the second$/);
    await page.reload();
    await card.getByText(`stdout of pid ${second.pid}`).waitFor();
  });

  it("in Japanese: a frozen store means 'perhaps', pressing again makes no second job, and the card finds out", async () => {
    const app = await start("standalone");
    // Once the store knows the script, what is sent to it while it is frozen runs when it goes on.
    await register(app.port, { job_id: "01a0c450-6c00-7000-8000-000000000000", delay_seconds: 600 });
    const page = await open(app.port, "/dm-jobqueue", "ja-JP");
    await page.getByLabel("メッセージ").fill("一度だけ");
    await page.getByLabel("待ち時間（秒）").fill("6");
    const submit = page.getByRole("button", { name: "ジョブを登録" });
    const press = () => Promise.all([page.waitForResponse(`**${REGISTER_DEMO_JOB_PATH}`), submit.click()]);
    redis.pause();
    await press();
    const card = page.getByRole("article");
    await card.getByText("登録されたか不明").waitFor();
    await card.getByText("ジョブは保存された可能性があります。もう一度押しても、二重には登録されません。").waitFor();
    await press();
    await card.getByText("登録されたか不明").waitFor();
    redis.resume();
    await card.getByText(/のワーカー（pid \d+、.*）が出力しました。/).waitFor({ timeout: 30_000 });
    expect(await card.count()).toBe(1);
    await app.stdout.next(/\] 一度だけ$/);
    const broker = redisBroker({ addr: `127.0.0.1:${redis.port}` });
    try {
      expect((await new Inspector({ broker }).queue("default")).size).toBe(2);
    } finally {
      await broker.close();
    }
  });

  it("two workers of two builds are named, nothing looks healthy, and a job is found by its id from anywhere", async () => {
    const app = await start("standalone", { JOBQUEUE__BUILD: "new-build" });
    const other = await start("worker", { JOBQUEUE__BUILD: "old-build" });
    const page = await open(app.port, "/dm-jobqueue");
    await page
      .getByRole("heading", { name: "Two workers take from default: one of them runs another build" })
      .waitFor({ timeout: forgottenMs });
    await page.getByText(new RegExp(`pid ${other.pid} on .*, build old-build, started `)).waitFor();

    const { body } = await register(app.port, { message: "from elsewhere", delay_seconds: 600 });
    await page.getByLabel("Job id").fill(` ${body["job_id"]}\n`);
    await page.getByRole("button", { name: "Find" }).click();
    await page
      .getByRole("article", { name: "from elsewhere" })
      .getByText(/^Prints in 1?\d min/)
      .waitFor();
    await page.goto("/dm-jobqueue/jobs/01a0c450-6c00-7000-8000-000000000000");
    await page.getByRole("heading", { name: "The store holds no job with this id" }).waitFor();

    const broker = redisBroker({ addr: `127.0.0.1:${redis.port}` });
    try {
      await new Inspector({ broker }).pauseQueue("default");
    } finally {
      await broker.close();
    }
    const paused = await open(app.port, "/dm-jobqueue");
    await paused.getByRole("heading", { name: "The queue is paused: your job will wait" }).waitFor();
    await paused.getByLabel("Delay").fill("1");
    await paused.getByRole("button", { name: "Register job" }).click();
    await paused.getByText(/^Due for \d+ s\. Its queue is paused/).waitFor();

    const home = await open(app.port, "/", "ja-JP");
    await home.getByRole("status").getByText("動いていますが、確認が必要です").waitFor();
    await home.getByText(/^最も新しいワーカーとビルドが異なります：.*ビルド (old|new)-build）$/).waitFor();
    const english = /\b(warning|ok|worker|ready|store)\b/i;
    expect(await home.getByRole("region", { name: "サーバーの状態" }).textContent()).not.toMatch(english);
  });
});
