import { closeSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, startRedisServer } from "@hikyaku/test-support";
import { type Browser, chromium, type Page } from "playwright-core";
import { chromiumPath } from "../../scripts/test/tools.ts";
import { AppProcesses } from "../integration/support/app-process.ts";

/**
 * Drives the real programs on a real Redis through what can become of a job, and takes pictures of the page at each
 * moment: light, dark, on a phone, in Japanese. Needs Linux (`/dev/full`), and some three minutes:
 * `node --conditions=source tests/e2e/take-pictures.ts <folder>`.
 */
const folder = process.argv[2];
if (folder === undefined) throw new Error("expected a folder for the pictures as the first argument");
await mkdir(folder, { recursive: true });
const into = folder;

const looks = [
  { name: "light", locale: "en-GB", width: 1280, colorScheme: "light" },
  { name: "dark", locale: "en-GB", width: 1280, colorScheme: "dark" },
  { name: "ja", locale: "ja-JP", width: 1280, colorScheme: "light" },
  { name: "phone", locale: "en-GB", width: 390, colorScheme: "light" },
] as const;

/** How long one may wait for what should come; a retry comes after up to a minute. */
const patienceMs = 100_000;

const redis = await startRedisServer();
const apps = new AppProcesses();
const full = openSync("/dev/full", "w");
const browser = await chromium.launch({
  headless: true,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  executablePath: chromiumPath() ?? "chromium",
});
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;

try {
  await takeAll(browser);
} finally {
  await browser.close();
  await apps.killAll();
  await redis.stop();
  closeSync(full);
}

async function takeAll(browser: Browser): Promise<void> {
  await start("api", { SERVER__PORT: port, API__RATE_LIMIT__ENABLED: "false" });
  const page = await (await browser.newContext({ baseURL: origin, locale: "en-GB" })).newPage();
  await page.goto("/dm-jobqueue");

  // A worker of yesterday whose disk is full: what it prints can't be written.
  const broken = await start("worker", { JOBQUEUE__BUILD: "1c77b20" }, full);
  await registerJob(page, "Stock count begins", 1, 1);
  await registerJob(page, "Lunch is ready", 3, 9);
  await card(page, "Stock count begins").getByText("Archived", { exact: true }).first().waitFor();
  const good = await start("worker", { JOBQUEUE__BUILD: "edca9d4" });
  await page.getByRole("heading", { name: /^Two workers/ }).waitFor();
  await broken.stop();
  await registerJob(page, "Job executed successfully", 2);
  await card(page, "Job executed successfully").getByText("Completed").waitFor();
  await registerJob(page, "Parcel 4711 is at the door", 180);
  const again = await start("worker", { JOBQUEUE__BUILD: "1c77b20" });
  await page.getByRole("heading", { name: /^Two workers/ }).waitFor();
  await shoot(page, "jobs");

  await Promise.all([good.kill(), again.kill()]);
  await registerJob(page, "Train leaves from platform 3", 1);
  await card(page, "Train leaves from platform 3").getByText("No worker", { exact: true }).first().waitFor();
  await delay(3000);
  await shoot(page, "no-worker");

  redis.pause();
  await registerJob(page, "Parcel 4712 is at the door", 180);
  await card(page, "Parcel 4712 is at the door").getByText("Perhaps registered").waitFor();
  await delay(3000);
  await shoot(page, "frozen-store");
  redis.resume();
  await delay(5000);
  await redis.kill();
  await registerJob(page, "Parcel 4713 is at the door", 180);
  await card(page, "Parcel 4713 is at the door").getByText("Not registered").waitFor();
  await delay(3000);
  await shoot(page, "store-away");
}

async function start(name: "api" | "worker", settings: Record<string, string | number>, stdoutFd?: number) {
  const app = apps.start(name, {
    settings: {
      JOBQUEUE__STORE: "redis",
      REDIS__JOBQUEUE__ADDR: `127.0.0.1:${redis.port}`,
      JOBQUEUE__PORT: await freePort(),
      ...settings,
    },
    ...(stdoutFd === undefined ? {} : { stdoutFd }),
  });
  return app.ready();
}

async function registerJob(page: Page, message: string, delaySeconds: number, retries?: number): Promise<void> {
  page.setDefaultTimeout(patienceMs);
  await page.getByLabel("Message").fill(message);
  await page.getByLabel("Delay").fill(String(delaySeconds));
  await page.getByLabel("Retries").fill(retries === undefined ? "" : String(retries));
  await page.getByRole("button", { name: "Register job" }).click();
  await card(page, message).waitFor();
}

function card(page: Page, message: string) {
  return page.getByRole("article", { name: message });
}

/** Takes the same moment in each look: the page with the tab's jobs, and the home page. */
async function shoot(page: Page, moment: string): Promise<void> {
  const stored = await page.evaluate(() => JSON.stringify({ ...sessionStorage }));
  await Promise.all(
    looks.map(async ({ name, locale, width, colorScheme }) => {
      const context = await browser.newContext({
        baseURL: origin,
        locale,
        colorScheme,
        viewport: { width, height: 900 },
      });
      await context.addInitScript((text: string) => Object.assign(sessionStorage, JSON.parse(text)), stored);
      const shown = await context.newPage();
      await shown.goto("/dm-jobqueue");
      await shown.getByRole("article").first().waitFor();
      await delay(4000);
      await shown.screenshot({ path: join(into, `${moment}-${name}.png`), fullPage: true });
      await shown.goto("/");
      await delay(2000);
      await shown.screenshot({ path: join(into, `${moment}-home-${name}.png`), fullPage: true });
      await context.close();
    }),
  );
}
