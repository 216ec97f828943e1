// `npm run build`: the library as plain JavaScript with types, in packages/core/dist or in the given folder. The web
// pages are built before this script runs. The servers run from source and need no build.
import { spawnSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const dist = resolve(process.argv[2] ?? "packages/core/dist");
rmSync(dist, { recursive: true, force: true });
const { status } = spawnSync("node_modules/.bin/tsc", ["-p", "packages/core/tsconfig.build.json", "--outDir", dist], {
  stdio: "inherit",
});
if (status === 0) await embedLeaseThread();
process.exitCode = status ?? 1;

/** Puts the program of the lease thread into the library, as text. A thread can run it wherever it was bundled to. */
async function embedLeaseThread(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(dist, "lease-thread-program.js")],
    // Also for a folder elsewhere, which has no node_modules.
    nodePaths: [resolve("node_modules")],
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    write: false,
    // Named, because stack traces show it. The text runs as a script, or as a module if the process was told so.
    banner: {
      js: "// With @bufbuild/protobuf: (Apache-2.0 AND BSD-3-Clause), Buf Technologies, Inc.\n((require)=>{",
    },
    footer: { js: "})(process.getBuiltinModule);\n//# sourceURL=hikyaku-lease-thread.js" },
    logLevel: "warning",
  });
  const [program] = outputFiles;
  if (program === undefined) throw new Error("expected esbuild to make one file");
  const file = join(dist, "worker/leases/lease-thread-code.js");
  if (!existsSync(file))
    throw new Error(`expected the compiler to have written ${file}; the build must know where it is`);
  writeFileSync(file, `export const leaseThreadCode = ${JSON.stringify(program.text)};\n`);
}
