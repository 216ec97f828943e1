import type { HistogramSample, Labels, MetricFamily } from "./metric-family.ts";

/** How the text is written: Prometheus' own format, or OpenMetrics. */
export type ExpositionFormat = "prometheus" | "openmetrics";

export const EXPOSITION_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The format that a scraper asks for by its `Accept` header. */
export function formatFor(accept: string | undefined): ExpositionFormat {
  return accept !== undefined && /application\/openmetrics-text/i.test(accept) ? "openmetrics" : "prometheus";
}

/** The families as a scraper reads them, sorted by name. */
export function exposition(families: readonly MetricFamily[], format: ExpositionFormat): string {
  const sorted = [...families].sort((one, two) => (one.name < two.name ? -1 : 1));
  const text = sorted.map((family) => familyText(family, format)).join("");
  return format === "openmetrics" ? `${text}# EOF\n` : text;
}

function familyText(family: MetricFamily, format: ExpositionFormat): string {
  const { name, help, type } = family;
  // OpenMetrics names a counter without the end that its samples have.
  const shown = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  const lines = [`# HELP ${shown} ${escapedHelp(help)}`, `# TYPE ${shown} ${type}`];
  if (family.type === "histogram") {
    for (const sample of family.samples) lines.push(...histogramLines(name, family.ends, sample, format));
  } else {
    for (const { labels, value } of family.samples) lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }
  return `${lines.join("\n")}\n`;
}

function histogramLines(
  name: string,
  ends: readonly number[],
  { labels, buckets, sum }: HistogramSample,
  format: ExpositionFormat,
): string[] {
  let count = 0;
  const lines = buckets.map((inside, index) => {
    count += inside;
    const end = ends[index];
    const le = end === undefined ? "+Inf" : endText(end, format);
    return `${name}_bucket${labelText({ ...labels, le })} ${count}`;
  });
  const own = labelText(labels);
  return [...lines, `${name}_sum${own} ${numberText(sum)}`, `${name}_count${own} ${count}`];
}

/** OpenMetrics wants whole numbers of `le` with a point. */
function endText(end: number, format: ExpositionFormat): string {
  return format === "openmetrics" && Number.isInteger(end) ? `${end}.0` : String(end);
}

function labelText(labels: Labels): string {
  const names = Object.keys(labels).sort();
  if (names.length === 0) return "";
  return `{${names.map((name) => `${name}="${escaped(labels[name] ?? "")}"`).join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapedHelp(help: string): string {
  return help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
