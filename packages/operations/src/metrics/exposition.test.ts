import { describe, expect, it } from "vitest";
import { exposition, formatFor } from "./exposition.ts";
import { joinFamilies, labelled, type MetricFamily } from "./metric-family.ts";

const jobs: MetricFamily = {
  name: "jobs_total",
  type: "counter",
  help: "Jobs,\nall of them \\o/",
  samples: [{ labels: { queue: 'a"b\\c\nd', kind: "x" }, value: 3 }],
};
const seconds: MetricFamily = {
  name: "a_seconds",
  type: "histogram",
  help: "Time",
  ends: [0.5, 1],
  samples: [{ labels: { queue: "q" }, buckets: [2, 0, 1], sum: 9.25 }],
};

describe("the text that a scraper reads", () => {
  it("is sorted, with escaped values, and buckets that add up", () => {
    expect(exposition([jobs, seconds], "prometheus")).toBe(
      [
        "# HELP a_seconds Time",
        "# TYPE a_seconds histogram",
        'a_seconds_bucket{le="0.5",queue="q"} 2',
        'a_seconds_bucket{le="1",queue="q"} 2',
        'a_seconds_bucket{le="+Inf",queue="q"} 3',
        'a_seconds_sum{queue="q"} 9.25',
        'a_seconds_count{queue="q"} 3',
        "# HELP jobs_total Jobs,\\nall of them \\\\o/",
        "# TYPE jobs_total counter",
        'jobs_total{kind="x",queue="a\\"b\\\\c\\nd"} 3',
        "",
      ].join("\n"),
    );
  });

  it("is OpenMetrics for who asks for it: counters by their name, whole ends with a point, and an end", () => {
    expect(formatFor("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")).toBe(
      "openmetrics",
    );
    expect([formatFor(undefined), formatFor("*/*")]).toEqual(["prometheus", "prometheus"]);
    const text = exposition([jobs, seconds], "openmetrics");
    expect(text).toContain("# TYPE jobs counter\njobs_total{");
    expect(text).toContain('a_seconds_bucket{le="1.0",queue="q"} 2');
    expect(text.endsWith("\n# EOF\n")).toBe(true);
  });

  it("has the samples of several processes under one name", () => {
    const both = joinFamilies([labelled(jobs, { process: "1" }), labelled(jobs, { process: "2" })]);
    expect(both).toHaveLength(1);
    expect(both[0]?.samples.map(({ labels }) => labels["process"])).toEqual(["1", "2"]);
    expect(labelled(seconds, { process: "1" }).samples[0]?.labels).toEqual({ queue: "q", process: "1" });
  });
});
