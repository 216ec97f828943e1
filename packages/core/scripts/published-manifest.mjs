// npm runs this before and after it packs. The condition `source` is for this repository: it names files that are not
// published, so a program that is run under a condition of the same name would not find the library.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

const manifest = "package.json";
const kept = "package.json.kept";

const [step] = process.argv.slice(2);
if (step === "restore") {
  renameSync(kept, manifest);
} else if (step === "strip") {
  if (!existsSync("dist/index.js")) throw new Error('expected dist/index.js; call "npm run build" first');
  // An earlier run may have been ended in between.
  if (existsSync(kept)) renameSync(kept, manifest);
  const text = readFileSync(manifest, "utf8");
  const published = JSON.parse(text, (key, value) => (key === "source" ? undefined : value));
  writeFileSync(kept, text);
  writeFileSync(manifest, `${JSON.stringify(published, undefined, 2)}\n`);
} else {
  throw new Error(`expected strip or restore, got ${step}`);
}
