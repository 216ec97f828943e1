// Installs what is missing, for scripts that are started by hand: `node scripts/house/prepare.mjs`, on any Node.js from 20 up.
// The npm commands do the same by themselves.
import { installIfMissing } from "./install.mjs";
import { oneAtATime } from "./lock.mjs";
import { orSay } from "./say.mjs";

await orSay(() => oneAtATime(installIfMissing));
