import { visibleLines, visibleText } from "hikyaku";
import stringWidth from "string-width";

/** Where a command writes: results to `out`, everything else to `err`. */
export interface Streams {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/**
 * The same streams for a terminal, made safe: line breaks are ours, and every other control character is shown as text.
 * The repeated command line (`args`) can't begin a line either.
 */
export function visibleStreams({ out, err }: Streams, args: readonly string[]): Streams {
  const typed = args.flatMap((arg) => [arg, arg.slice(arg.indexOf("=") + 1)]).filter((text) => text.includes("\n"));
  const shown = (text: string): string =>
    visibleLines(typed.reduce((all, part) => all.replaceAll(part, visibleText(part)), text));
  return { out: (text) => out(shown(text)), err: (text) => err(shown(text)) };
}

/** What every command gets. */
export interface CommandContext {
  readonly streams: Streams;
  readonly exitWith: (code: number) => void;
}

/** Writes one result: as JSON for programs, or as text for people. */
export function show(streams: Streams, json: boolean, value: unknown, text: () => string): void {
  streams.out(json ? `${JSON.stringify(value, undefined, 2)}\n` : text());
}

/**
 * Rows in columns as wide as they need, with numbers to the right. The first row is the heading. Width is what a
 * terminal shows: two columns for a character of Chinese or Japanese, none for a mark on the character before.
 */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, stringWidth(String(cell)));
    }
  }
  const numeric = (rows[1] ?? []).map((cell) => typeof cell === "number");
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, index) => {
        const blanks = " ".repeat((widths[index] ?? 0) - stringWidth(String(cell)));
        return numeric[index] === true ? `${blanks}${cell}` : `${cell}${blanks}`;
      })
      .join("  ")
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join("");
}

/** How long ago, in the largest unit that says enough. */
export function ago(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
