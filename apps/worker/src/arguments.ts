import { parseArgs } from "node:util";

/** The command line can't be used; the message says what it takes. */
export class ArgumentsError extends Error {
  override readonly name = "ArgumentsError";
}

/**
 * The command line as environment variables with the same meaning. They take precedence over other variables and are
 * checked like them.
 * @throws ArgumentsError for anything but `--processes <n>`.
 */
export function variablesOfArguments(args: readonly string[]): Readonly<Record<string, string>> {
  try {
    const { values } = parseArgs({ args: [...args], options: { processes: { type: "string" } } });
    return values.processes === undefined ? {} : { HIKYAKU__JOBQUEUE__PROCESSES: values.processes };
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    throw new ArgumentsError(`the worker server takes --processes <n> and nothing else: ${got}`, { cause: error });
  }
}
