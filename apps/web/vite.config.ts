import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const apiServer = "http://127.0.0.1:8080";
const proxy = Object.fromEntries(
  ["/api", "/health", "/readyz", "/docs", "/openapi.json"].map((path) => [path, apiServer]),
);

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    // The API server sends `default-src 'self'`, which allows neither data: addresses nor inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What we did not write changes rarely, so browsers keep it when the pages change.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "libraries", test: /node_modules/ }] } } },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
});
