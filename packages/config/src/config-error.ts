/** The exit code of a process whose configuration is wrong: `EX_CONFIG` of sysexits. A restart will not help. */
export const CONFIG_EXIT_CODE = 78;

/** One thing that is wrong with the settings. Never holds the value of a secret. */
export interface ConfigProblem {
  /** Where it was found: `config/local/config.yaml:3`, or the name of an environment variable. */
  readonly source: string;
  /** The key, joined by dots, such as `server.port`. Missing when the problem is the file or the variable itself. */
  readonly key?: string;
  readonly expected: string;
  /** What came instead, made safe to print. */
  readonly got: string;
  /** What to do about it, when that is not plain from `expected`. */
  readonly hint?: string;
}

/** The settings cannot be used. Holds every problem that was found; the message lists them all, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(appEnv: string, problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    const lines = problems.map((problem, index) => `  ${index + 1}. ${describeProblem(problem)}`);
    super(`The configuration for APP_ENV=${appEnv} cannot be used, ${count}:\n${lines.join("\n")}`);
    this.problems = Object.freeze([...problems]);
  }
}

function describeProblem({ source, key, expected, got, hint }: ConfigProblem): string {
  const place = key === undefined ? source : `${source}: ${key}`;
  return `${place}: expected ${expected}, got ${got}${hint === undefined ? "" : ` (${hint})`}`;
}
