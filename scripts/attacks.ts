// `npm run attacks`: hostile clients on real servers on loopback, see tests/attacks. Each attack goes on for 40
// seconds, some ten minutes in all. Prints memory, descriptors and answers, and ends with 1 when a promise was broken.
// Options: --short (as npm test runs them), --only TEXT (attacks with this text in their name).
import { parseArgs } from "node:util";
import { attacks } from "../tests/attacks/attacks.ts";
import { type AttackReport, runAttack } from "../tests/attacks/run-attack.ts";
import { hasAddresses } from "../tests/attacks/target.ts";
import { startTarget, targetKinds } from "../tests/attacks/targets.ts";

const { values } = parseArgs({
  options: { short: { type: "boolean", default: false }, only: { type: "string", default: "" } },
});
const size = values.short ? "short" : "long";
let broken = 0;

for (const kind of targetKinds) {
  const chosen = attacks.filter(({ on, name }) => on === kind && name.includes(values.only));
  if (chosen.length === 0) continue;
  const { target, end } = await startTarget(kind);
  try {
    for (const attack of chosen) {
      if (attack.needsAddress === true && !hasAddresses)
        console.log(`skipped: ${attack.name}: needs a second loopback address`);
      else report(kind, await runAttack(attack, target, size));
    }
  } finally {
    await end();
  }
}
process.exitCode = broken > 0 ? 1 : 0;

function report(
  kind: string,
  { name, before, peak, after, served, unserved, slowestMs, seconds, faults }: AttackReport,
) {
  broken += faults.length;
  const [least, most, last] = [before, peak, after].map(({ memoryMib }) => memoryMib);
  const files = [before, peak, after].map(({ descriptors }) => descriptors ?? "?").join(", ");
  console.log(`${faults.length === 0 ? "held  " : "BROKEN"} ${kind}: ${name}`);
  console.log(`       memory ${least}, at most ${most}, then ${last} MiB; descriptors ${files}; in ${seconds} s`);
  console.log(`       honest requests: ${served} answered, slowest ${slowestMs} ms, ${unserved} not answered`);
  for (const fault of faults) console.log(`       ${fault}`);
}
