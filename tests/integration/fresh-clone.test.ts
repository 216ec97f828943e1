import { chmod, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@hikyaku/test-support";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ended, projectFolder, run } from "./development-scripts.ts";

describe("the start scripts in a fresh clone, where nothing is installed", { timeout: 60_000 }, () => {
  let project: string;
  let programs: string;

  /** An npm that brings this project's own packages, in place of the network. */
  beforeEach(async () => {
    project = await realpath(await mkdtemp(join(tmpdir(), "hikyaku fresh clone-")));
    for (const path of ["scripts", "config", "package.json", "package-lock.json"]) {
      await cp(join(projectFolder, path), join(project, path), { recursive: true });
    }
    programs = join(project, "programs");
    await mkdir(programs);
    const modules = join(projectFolder, "node_modules");
    await program("npm", `echo "$*" >>'${project}/calls'\n[ "$1" != install ] || ln -s '${modules}' node_modules`);
    await program("docker", "exit 1");
  });
  afterEach(() => rm(project, { recursive: true, force: true }));

  async function program(name: string, script: string): Promise<void> {
    await writeFile(join(programs, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(programs, name), 0o755);
  }

  /** npm itself may run the tests, and its own path would be used then. */
  async function script(name: string, verb: string, path = process.env["PATH"]): Promise<Ended> {
    return run("env", ["-u", "npm_execpath", "-u", "npm_config_user_agent", join(project, "scripts", name), verb], {
      PATH: `${programs}:${path}`,
      HIKYAKU__REDIS__JOBQUEUE__ADDR: `localhost:${await freePort()}`,
    });
  }

  it.each(["start-redis.sh", "start-redis-insight.sh"])(
    "%s installs what it needs, as npm start does",
    async (name) => {
      const status = await script(name, "status");
      expect(status.stderr).toContain("installing what the lock file names");
      expect(status.stderr).not.toContain("run 'npm start'");
      // Redis Insight is a container only, and there is no Docker here.
      expect(status.code, status.stderr).toBe(name === "start-redis.sh" ? 3 : 69);
      expect((await script(name, "status")).stderr).not.toContain("installing");
    },
  );

  it("says what fails when nothing can be installed, and exits with 69", async () => {
    await program("npm", "echo ENOTFOUND >&2; exit 1");
    const status = await script("start-redis.sh", "status");
    expect(status).toMatchObject({ code: 69, stderr: expect.stringContaining("the installation failed") });
  });

  it("names the compiled part that npm left out in silence, before a build fails for want of it", async () => {
    const installed = JSON.parse(await readFile(join(projectFolder, "node_modules/.package-lock.json"), "utf8"));
    const isBinding = (path: string) => path.startsWith("node_modules/@tailwindcss/oxide-");
    const bindings = Object.keys(installed.packages).filter(isBinding);
    for (const path of bindings) delete installed.packages[path];
    await writeFile(join(project, "lacking.json"), JSON.stringify(installed));
    const node = join(projectFolder, "node_modules/.bin/node");
    await program(
      "npm",
      `mkdir -p node_modules/.bin && cp lacking.json node_modules/.package-lock.json && ln -s '${node}' node_modules/.bin`,
    );
    const status = await script("start-redis.sh", "status");
    expect(status).toMatchObject({
      code: 69,
      stderr: expect.stringContaining("npm left out node_modules/@tailwindcss/oxide-"),
    });
  });

  it("asks for Node.js where there is none", async () => {
    const tools = join(project, "tools");
    await mkdir(tools);
    for (const tool of ["env", "bash", "basename", "dirname"]) {
      const { stdout } = await run("bash", ["-c", `command -v ${tool}`]);
      await symlink(await realpath(stdout.trim()), join(tools, tool));
    }
    const status = await script("start-redis.sh", "status", tools);
    expect(status).toMatchObject({ code: 69, stderr: expect.stringContaining("Node.js is not installed") });
  });
});
