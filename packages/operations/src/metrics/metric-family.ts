/** Labels by name. Values are written as they are; whoever makes them bounds how many there are. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** How often a duration lay in which range. */
export interface HistogramSample {
  readonly labels: Labels;
  /** One for each end of the family, and a last one for all that is longer; each only its own range. */
  readonly buckets: readonly number[];
  /** In seconds. */
  readonly sum: number;
}

/** All samples of one name. */
export type MetricFamily = { readonly name: string; readonly help: string } & (
  | { readonly type: "gauge" | "counter"; readonly samples: readonly Sample[] }
  | {
      readonly type: "histogram";
      /** The upper ends of the ranges, in seconds. */
      readonly ends: readonly number[];
      readonly samples: readonly HistogramSample[];
    }
);

/** The family with one more label on each of its samples. */
export function labelled(family: MetricFamily, more: Labels): MetricFamily {
  if (family.type === "histogram") {
    return {
      ...family,
      samples: family.samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...more } })),
    };
  }
  return { ...family, samples: family.samples.map((sample) => ({ ...sample, labels: { ...sample.labels, ...more } })) };
}

/** The families with the samples of all, one family for each name. Those of one name must be of one type. */
export function joinFamilies(families: readonly MetricFamily[]): MetricFamily[] {
  const joined = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = joined.get(family.name);
    const samples = [...(known?.samples ?? []), ...family.samples];
    joined.set(family.name, { ...family, samples } as MetricFamily);
  }
  return [...joined.values()];
}
