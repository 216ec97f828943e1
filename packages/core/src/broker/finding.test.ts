import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { findingKinds } from "./finding.ts";

it("says of each finding in docs/doctor.md what it says here", () => {
  const page = readFileSync(new URL("../../../../docs/doctor.md", import.meta.url), "utf8");
  for (const [kind, { level, meaning, repair }] of Object.entries(findingKinds)) {
    expect(page).toContain(`| \`${kind}\` | ${level} | ${meaning} | ${repair} |`);
  }
});
