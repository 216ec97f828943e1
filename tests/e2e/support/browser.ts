import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { inject } from "vitest";

/** The Chromium that the pages are shown in, or undefined where the machine has none. */
const chromiumPath = process.env["CHROMIUM_PATH"] ?? inject("chromiumPath") ?? undefined;

/** Why tests with pages are skipped here, or undefined. */
export const missingChromium = chromiumPath === undefined ? "no Chromium on PATH; set CHROMIUM_PATH" : undefined;

const quietArgs = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("expected a Chromium; skip the suite where there is none");
  return chromium.launch({ executablePath: chromiumPath, args: quietArgs, headless: true });
}

/** A page of a fresh visitor, and everything that went wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, refusals of the content security policy, and requests that left for another server. */
  readonly troubles: string[];
}

export async function visit(browser: Browser, origin: string, locale: "en-US" | "ja-JP"): Promise<Visit> {
  const context = await browser.newContext({ baseURL: origin, locale });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const troubles: string[] = [];
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("console", (message) => {
    // The browser itself writes a line for each answer that is an error, which some tests ask for.
    const isAnswer = message.text().startsWith("Failed to load resource: the server responded with a status of");
    if (message.type() === "error" && !isAnswer) troubles.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(`${origin}/`)) troubles.push(`request to ${request.url()}`);
  });
  return { page, context, troubles };
}
