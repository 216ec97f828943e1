/** A text with what differs from run to run, ids and moments, replaced by what it is. */
function masked(text: string): string {
  return text
    .replaceAll("\r", "")
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, "<id>")
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?/g, "<moment>");
}

/** Whether a program printed what a page shows. A line `...` of the page stands for any lines. */
export function matches(printed: string, shown: string): boolean {
  const escaped = masked(shown)
    .trim()
    .split("\n")
    .map((line) => (line === "..." ? ".*?" : line.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")));
  return new RegExp(`^${escaped.join("\n")}$`, "s").test(masked(printed).trim());
}

/** The first line of a text, as a pattern that it matches in other runs too. */
export function patternOf(shown: string): RegExp {
  const [line = ""] = shown.split("\n");
  return new RegExp(
    `^${line.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&").replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d")}$`,
  );
}
