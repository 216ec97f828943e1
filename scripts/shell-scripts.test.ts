import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

const root = dirname(import.meta.dirname);
const scripts = execFileSync("git", ["ls-files", "*.sh", ".ci/run"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

/** What the bash 3.2 and the BSD tools of macOS lack or do otherwise, with what to write in its place. */
const linuxOnly: readonly (readonly [RegExp, string])[] = [
  [/\b(mapfile|readarray|coproc)\b|\bdeclare -[Ag]|\blocal -n\b|\bwait -n\b|\|&|&>>|;;&/, "bash 4"],
  [/\$\{\w+(\[[^\]]*\])?(,,?|\^\^?|@\w)/, "bash 4 changes of case: use tr"],
  [/\bprintf\b[^|;]*%\(|\bEPOCH(SECONDS|REALTIME)\b|\bSRANDOM\b|\bBASHPID\b/, "bash 4 or 5: use date"],
  [/\$\{\w+: -?\d+:-/, "bash 4.2: a length below 0"],
  [/\breadlink -(f|e|m)|\brealpath\b/, "GNU: cd and pwd -P"],
  [
    /(^|[\s|;(])(timeout|tac|nproc|setsid|pidof|shuf|numfmt|flock)\s/,
    "not there: see within() in scripts/lib/development.sh",
  ],
  [/\bstat -c|\bdate [^|;]*(-d|--date|%N)|\bsed (-i|-r|[^|;]*\\[+?|s])|\bgrep -\w*[Pz]|\bsort -\w*V/, "GNU options"],
  [
    /(^|[|;(&])\s*ps -(?!p )|\bmktemp --|\bxargs -\w*[rd]|\bcp -\w*[tT]|\bln -\w*[rT]|\bhead -n -|\bdu -\w*b/,
    "GNU options",
  ],
];

describe("the shell scripts", () => {
  it("are all looked at", () => {
    expect(scripts).toEqual(
      expect.arrayContaining([".ci/run", "scripts/lib/development.sh", "scripts/start-redis.sh"]),
    );
  });

  it.each(scripts)("%s holds nothing that a Mac's bash 3.2 and BSD tools lack", (path) => {
    const lines = readFileSync(join(root, path), "utf8").split("\n");
    const found = lines.flatMap((line, index) =>
      linuxOnly
        .filter(([pattern]) => pattern.test(line.replace(/(^|\s)#.*/, "")))
        .map(([, why]) => `${index + 1}: ${line.trim()} (${why})`),
    );
    expect(found).toEqual([]);
  });

  // What Linux alone has is asked for only where it is there, and has an answer for elsewhere.
  it.each(scripts)("%s reads /proc and runs ss only behind a question whether they are there", (path) => {
    const text = readFileSync(join(root, path), "utf8");
    const functions = text.split(/^(?=\w+\(\) \{)/m).filter((part) => /"\/proc\/|\bss -/.test(part));
    for (const body of functions) expect(body).toMatch(/if \[\[ -d \/proc\/self \]\]|if command -v ss >\/dev\/null/);
    for (const body of functions) expect(body).toMatch(/\b(ps|lsof) -/);
  });

  it("would be found out", () => {
    const bad = [
      "mapfile -t x < y",
      ["echo $", "{x,,}"].join(""),
      "timeout 5 true",
      "readlink -f x",
      "sed -i s/a/b/ x",
      "stat -c %s x",
    ];
    for (const line of bad)
      expect(
        linuxOnly.some(([pattern]) => pattern.test(line)),
        line,
      ).toBe(true);
  });
});
