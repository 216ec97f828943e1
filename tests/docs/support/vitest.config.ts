import { defaultServerConditions } from "vite";
import { defineConfig } from "vitest/config";

// For the tests that pages show: our packages resolve to their TypeScript.
const conditions = ["source", ...defaultServerConditions];

export default defineConfig({
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: { execArgv: ["--conditions=source"], include: ["programs/*.test.ts"] },
});
