const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const largestNs = 9_223_372_036_854_775_807n;

/** The nanoseconds of a duration as Go writes it: `1h30m`, `1.5h`, `90s`, `250ms`. Undefined for any other text. */
export function parseGoDuration(text: string): bigint | undefined {
  const [, sign, rest = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === "0") return 0n;
  let total = 0n;
  let end = 0;
  for (const part of rest.matchAll(/(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/gy)) {
    const [whole, integer = "", fraction = "", unit = ""] = part;
    if (integer === "" && fraction === "") return undefined;
    const ns = unitNs[unit] ?? 0n;
    total += BigInt(integer || "0") * ns + (BigInt(fraction || "0") * ns) / 10n ** BigInt(fraction.length);
    end = part.index + whole.length;
  }
  if (end === 0 || end !== rest.length || total > largestNs) return undefined;
  return sign === "-" ? -total : total;
}

/** A duration of 0 ms or more as Go writes it: `36h0m5s`, `1m30s`, `1.5s`, `250ms`, `0s`. */
export function goDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole === 0) return "0s";
  if (whole < 1_000) return `${whole}ms`;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = `${(whole % 60_000) / 1_000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
