const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO ",
  40: "WARN ",
  50: "ERROR",
  60: "FATAL",
};

/** A JSON log line as words: time, level, message, then the other fields; what is no JSON stays as it is. */
export function prettyLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, time, msg, err, ...fields } = entry;
  const when = new Date(Number(time));
  const clock = [when.getHours(), when.getMinutes(), when.getSeconds()].map((part) => String(part).padStart(2, "0"));
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${show(value)}`);
  const head = `${clock.join(":")} ${LEVEL_NAMES[Number(level)] ?? String(level)} ${oneLine(String(msg ?? ""))}`;
  return `${head}${rest.join("")}\n${stackOf(err)}`;
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(value);
}

/** What a request brought must not be able to write lines of its own. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}

function stackOf(err: unknown): string {
  if (typeof err !== "object" || err === null || !("stack" in err) || typeof err.stack !== "string") return "";
  return `${err.stack
    .split("\n")
    .map((line) => `  ${oneLine(line)}`)
    .join("\n")}\n`;
}
