import { visibleLines, visibleText } from "hikyaku";

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO ",
  40: "WARN ",
  50: "ERROR",
  60: "FATAL",
};

/**
 * A JSON log line as words: time, level, message, then the other fields. A line that is not JSON stays as it is.
 * Nothing in a line begins a new line, or is obeyed by a terminal.
 */
export function prettyLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return visibleLines(line);
  }
  const { level, time, msg, err, ...others } = entry;
  const stack = stackOf(err);
  const fields = stack === "" && err !== undefined ? { ...others, err } : others;
  const when = new Date(Number(time));
  const clock = [when.getHours(), when.getMinutes(), when.getSeconds()].map((part) => String(part).padStart(2, "0"));
  const rest = Object.entries(fields).map(([key, value]) => ` ${visibleText(key)}=${show(value)}`);
  const levelName = LEVEL_NAMES[Number(level)] ?? visibleText(String(level));
  return `${clock.join(":")} ${levelName} ${visibleText(String(msg ?? ""))}${rest.join("")}\n${stack}`;
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return visibleText(/^[^\s"=]+$/.test(text) ? text : JSON.stringify(value));
}

function stackOf(err: unknown): string {
  if (typeof err !== "object" || err === null || !("stack" in err) || typeof err.stack !== "string") return "";
  return `${err.stack
    .split("\n")
    .map((line) => `  ${visibleText(line)}`)
    .join("\n")}\n`;
}
