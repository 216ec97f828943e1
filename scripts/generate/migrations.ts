import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type GeneratedFiles, header, namesIn, templateLiteral } from "./output.ts";

const migrationName = /^(\d{4})-([a-z0-9]+(?:-[a-z0-9]+)*)$/;

/**
 * Embeds the numbered migrations of a folder (`0001-tables.sql`) into its `generated.ts` as one ordered array.
 * Versions start at 1 and leave no gap.
 */
export function generateMigrations({ migrationsFolder }: { migrationsFolder: string }): GeneratedFiles {
  const names = namesIn(migrationsFolder, ".sql");
  if (names.length === 0) return { files: new Map() };
  const entries = names.map((fileName, index) => {
    const path = join(migrationsFolder, `${fileName}.sql`);
    const [, digits, name] = migrationName.exec(fileName) ?? [];
    if (digits === undefined || name === undefined) {
      throw new Error(`${path}: expected four digits, a dash and a kebab-case name, such as "0001-tables.sql"`);
    }
    const version = Number(digits);
    if (version !== index + 1) throw new Error(`${path}: expected version ${index + 1} next, got ${version}`);
    const sql = templateLiteral(readFileSync(path, "utf8"));
    return `  {\n    version: ${version},\n    name: ${JSON.stringify(name)},\n    sql: ${sql},\n  },\n`;
  });
  const content = `${header("*.sql")}
export const migrations: readonly { version: number; name: string; sql: string }[] = [
${entries.join("")}];
`;
  return { files: new Map([[join(migrationsFolder, "generated.ts"), content]]) };
}
