// Generates the client from an OpenAPI document: `node generate-client.mjs <document> <folder>`.
import { createClient } from "@hey-api/openapi-ts";

const [input, path] = process.argv.slice(2);
await createClient({
  input,
  logs: { level: "warn", file: false },
  output: {
    path,
    clean: true,
    module: { extension: ".ts" },
    // It was written for settings of the type checker that are looser than ours. Its types are read nevertheless.
    header: ["// Generated from the contract by `npm run generate`; do not edit.", "// @ts-nocheck"],
  },
  plugins: [
    { name: "@hey-api/client-fetch", baseUrl: false, throwOnError: true },
    "@hey-api/typescript",
    {
      name: "@hey-api/sdk",
      client: false,
      operations: { strategy: "single", containerName: "GeneratedOperations", methods: "instance" },
    },
  ],
});
