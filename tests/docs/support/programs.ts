import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@hikyaku/test-support";
import { type Block, blocksIn, replaced } from "./declared.ts";
import { root } from "./pages.ts";

export interface Program {
  readonly block: Block<"ts">;
  /** Such as `docs-testing-45`, with `-redis` or `-sqlite` behind it where the block says that it runs on both. */
  readonly name: string;
  readonly code: string;
}

const importLine = /^import \{ (redis|sqlite)Broker \} from "hikyaku\/\1";.*$/m;
const brokerLine = /^const broker = (redis|sqlite)Broker\(.*$/m;
/** What a page says where the other store does as well; so the block is run on both. */
const bothStores = 'Broker } from "hikyaku/';
const stores = {
  redis: [
    'import { redisBroker } from "hikyaku/redis";',
    'const broker = redisBroker({ url: "redis://127.0.0.1:6379" });',
  ],
  sqlite: ['import { sqliteBroker } from "hikyaku/sqlite";', 'const broker = sqliteBroker({ path: "tasks.db" });'],
} as const;

/** The programs that the pages' TypeScript makes, with what their comments put before and behind it. */
export function programs(): Program[] {
  const blocks = blocksIn("ts");
  return blocks.flatMap((block) => {
    const name = `${block.page.replace(/\.md$/, "").replaceAll("/", "-")}-${block.line}`;
    const code = wholeCode(block, blocks);
    if (!/nothing below changes/.test(block.code)) return [{ block, name, code }];
    if (!code.includes(bothStores)) throw new Error(`${block.page}:${block.line}: expected the import of a broker`);
    return (["redis", "sqlite"] as const).map((store) => ({
      block,
      name: `${name}-${store}`,
      code: code.replace(importLine, stores[store][0]).replace(brokerLine, stores[store][1]),
    }));
  });
}

function wholeCode(block: Block<"ts">, all: readonly Block<"ts">[]): string {
  const { after, setup = "", teardown = "", replace } = block.run;
  const earlier = all.find(({ page, run }) => page === block.page && run.id === after);
  if (after !== undefined && earlier === undefined) {
    throw new Error(`${block.page}:${block.line}: expected a block with the id ${after} on the page, got none`);
  }
  return [after === undefined ? "" : earlier?.code, setup, replaced(block.code, replace), teardown].join("");
}

/** How a program ended, with all that it printed. */
export interface Ended {
  readonly code: number | NodeJS.Signals;
  readonly output: string;
}

/** A process that gets SIGTERM as soon as it listens to it. */
const stopsOnceItListens =
  'process.on("newListener", (name) => { if (name === "SIGTERM") setImmediate(() => process.kill(process.pid, name)); });';

/** A folder in which `hikyaku` and our other packages can be imported, with all programs in it. */
export class ProgramFolder {
  readonly path = mkdtempSync(join(tmpdir(), "hikyaku-docs-"));

  constructor(all: readonly Program[]) {
    symlinkSync(join(root, "node_modules"), join(this.path, "node_modules"));
    mkdirSync(join(this.path, "programs"));
    writeFileSync(join(this.path, "package.json"), JSON.stringify({ type: "module", private: true }));
    for (const { name, code } of all) this.#write(name, code, 0);
    const compilerOptions = { typeRoots: [join(root, "node_modules/@types")] };
    const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["programs"] };
    writeFileSync(join(this.path, "tsconfig.json"), JSON.stringify(config));
  }

  fileOf(name: string): string {
    return join(this.path, "programs", `${name}.ts`);
  }

  checkTypes(): Promise<Ended> {
    return this.#run(join(root, "node_modules/.bin/tsc"), ["-p", "."], this.path);
  }

  /** Runs one in a folder of its own; its Redis is the database `db` of the server on `redisPort`. */
  async run({ name, block, code }: Program, redisPort: number | undefined, db: number): Promise<Ended> {
    const cwd = join(this.path, "runs", name);
    mkdirSync(cwd, { recursive: true });
    const url = `redis://127.0.0.1:${redisPort}/${db}`;
    this.#write(name, code.replaceAll("redis://127.0.0.1:6379", url), await freePort());
    if (block.run.vitest === true) {
      writeFileSync(join(this.path, "programs", `${name}.test.ts`), code);
      const vitest = join(root, "node_modules/vitest/vitest.mjs");
      const args = [
        vitest,
        "run",
        "--root",
        this.path,
        "--config",
        join(root, "tests/docs/support/vitest.config.ts"),
        name,
      ];
      return this.#run(process.execPath, args, this.path);
    }
    const preload =
      block.run.stops === undefined ? [] : [`--import=data:text/javascript,${encodeURI(stopsOnceItListens)}`];
    return this.#run(process.execPath, ["--conditions=source", ...preload, this.fileOf(name)], cwd, block.run.until);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  #write(name: string, code: string, freePort: number): void {
    writeFileSync(this.fileOf(name), code.replaceAll("$FREE_PORT", String(freePort)));
  }

  #run(program: string, args: readonly string[], cwd: string, until?: string): Promise<Ended> {
    const { NODE_OPTIONS: _, VITEST: __, ...own } = process.env;
    const env = { ...own, NODE_COMPILE_CACHE: join(root, ".cache/compiled") };
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 150_000 });
    let output = "";
    const add = (chunk: string): void => {
      output += chunk;
      if (until !== undefined && output.includes(until)) child.kill("SIGKILL");
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", add);
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code: code ?? signal ?? 1, output }));
    });
  }
}
