import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The project's own Node.js, which the npm package `node` brings. */
export const ownNode = join(root, "node_modules/.bin/node");
