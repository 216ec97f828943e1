import { execFile } from "node:child_process";
import { tmpdir } from "node:os";

const runTimeoutMs = 20_000;

/** What one run of Go's command-line tool printed, on both outputs, and how it ended. */
export interface CliRun {
  readonly code: number;
  readonly output: string;
}

/** Go's command-line tool on the Redis of one test. */
export class AsynqCli {
  readonly #program: string;
  readonly #redisAddress: string;

  constructor(program: string, redisAddress: string) {
    this.#program = program;
    this.#redisAddress = redisAddress;
  }

  /** Runs a command to its end, whatever that is. */
  async run(...words: readonly string[]): Promise<CliRun> {
    const args = [...words, "--uri", this.#redisAddress];
    // It reads settings from variables with everyday names, and from a file in the home folder.
    const env = { HOME: tmpdir(), TZ: "UTC", NO_COLOR: "1" };
    const { promise, resolve, reject } = Promise.withResolvers<CliRun>();
    execFile(this.#program, args, { env, timeout: runTimeoutMs }, (error, stdout, stderr) => {
      const output = stdout + stderr;
      const code = error === null ? 0 : error.code;
      if (typeof code === "number" && !output.includes("panic")) return resolve({ code, output });
      reject(new Error(`asynq ${words.join(" ")} ended with ${error?.message ?? "a panic"}:\n${output}`));
    });
    return promise;
  }

  /** Runs a command that must succeed, and gives what it printed. */
  async prints(...words: readonly string[]): Promise<string> {
    const { code, output } = await this.run(...words);
    if (code === 0) return output;
    throw new Error(`expected 0 of asynq ${words.join(" ")}, got ${code}:\n${output}`);
  }

  /** The rows of the first table that such a command prints. */
  async table(...words: readonly string[]): Promise<readonly Row[]> {
    return tables(await this.prints(...words))[0] ?? [];
  }
}

/** The cells of a line, by the titles above them. */
export type Row = Readonly<Record<string, string>>;

/** All tables in what was printed. A line of hyphens lies under their titles and tells where columns begin. */
export function tables(output: string): readonly (readonly Row[])[] {
  const lines = output.split("\n");
  return lines.flatMap((line, index) => {
    if (!/^-+( +-+)* *$/.test(line)) return [];
    const starts = [...line.matchAll(/-+/g)].map((column) => column.index);
    const titles = cells(lines[index - 1] ?? "", starts);
    const end = lines.indexOf("", index);
    return [
      lines.slice(index + 1, end).map((row) => {
        return Object.fromEntries(cells(row, starts).map((cell, column) => [titles[column] ?? "", cell]));
      }),
    ];
  });
}

/** Columns are as wide as their cells have code points. */
function cells(line: string, starts: readonly number[]): readonly string[] {
  const points = [...line];
  return starts.map((start, column) =>
    points
      .slice(start, starts[column + 1])
      .join("")
      .trim(),
  );
}
