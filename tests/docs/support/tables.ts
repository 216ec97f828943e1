import { textOf } from "./pages.ts";

/** The rows of the first table below a heading, or of the page where none is named; each with its cells as they are written. */
export function rowsOf(page: string, heading?: string): string[][] {
  const text = textOf(page);
  const from = heading === undefined ? 0 : text.indexOf(`\n${heading}\n`);
  if (from === -1) throw new Error(`${page}: expected the heading ${JSON.stringify(heading)}, got none`);
  const lines = text.slice(from).split("\n");
  const start = lines.findIndex((line) => /^\|[ -|]*---/.test(line)) + 1;
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  return lines.slice(start, start + length).map((line) =>
    line
      .slice(1, line.lastIndexOf("|"))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim()),
  );
}

/** What a cell says in `code`. */
export function codesIn(cell = ""): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}
