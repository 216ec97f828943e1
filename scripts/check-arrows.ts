// Checks which workspace, folder and file may import which: the rules stand in scripts/arrows/rules.ts.
// Exits with 1 and one line for each import that goes the wrong way, and for each circle of imports.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { findViolations } from "./arrows/find-violations.ts";
import { readArrows } from "./arrows/imports.ts";

const arrows = readArrows(dirname(dirname(fileURLToPath(import.meta.url))));
const violations = findViolations(arrows);
for (const violation of violations) console.error(violation);
if (violations.length > 0) process.exitCode = 1;
else console.error(`${arrows.length} imports, all in the right direction`);
