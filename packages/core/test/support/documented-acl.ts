import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The ACL line that the documentation gives, for this password and with these commands besides. */
export function documentedAcl(password: string, more = ""): string {
  const file = join(import.meta.dirname, "../../../../docs/redis-in-production.md");
  const [, line] = /```acl\n(.*)\n```/.exec(readFileSync(file, "utf8")) ?? [];
  if (line === undefined) throw new Error(`${file}: expected a block of the kind "acl" with one line`);
  return `${line.replace("<password>", password)}${more}`;
}
