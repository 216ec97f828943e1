import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "../../..");

/** Ends the program as a command that does not exist would. */
export function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(64);
}

/** Refuses an option that the program in this file does not take, as its call of `parseArgs` says. */
export function checkOptions(file: string | undefined, args: readonly string[]): void {
  if (file !== undefined && !existsSync(join(root, file))) refuse(`expected the program ${file}, which does not exist`);
  const source = file === undefined ? "" : readFileSync(join(root, file), "utf8");
  const [, known = ""] = /parseArgs\(\{(.*?)\}\);/s.exec(source) ?? [];
  for (const option of args.filter((word) => word.startsWith("--"))) {
    const name = option.slice(2).split("=")[0] ?? "";
    if (!new RegExp(`(^|[\\s{"])${name}"?: `, "m").test(known)) refuse(`expected an option of ${file}, got ${option}`);
  }
}
