/** What may happen to one task; every two of them must have met on one task before a run of histories proves anything. */
const features = [
  "unique",
  "delay",
  "group",
  "cancel",
  "retry",
  "retention",
  "pause",
  "conflict",
  "edit",
  "hand",
  "timeout",
  "takeover",
] as const;
export type Feature = (typeof features)[number];

/** Writes down which features each task of one history met. An id that is used again is another task. */
export class FeatureLog {
  readonly #lives: Set<Feature>[] = [];
  readonly #current = new Map<string, Set<Feature>>();

  begin(id: string): void {
    const life = new Set<Feature>();
    this.#lives.push(life);
    this.#current.set(id, life);
  }

  note(id: string, feature: Feature): void {
    this.#current.get(id)?.add(feature);
  }

  get lives(): readonly ReadonlySet<Feature>[] {
    return this.#lives;
  }
}

/** Counts over many histories on how many tasks two features met. */
export class PairCounter {
  readonly #counts = new Map<string, number>();

  add(log: FeatureLog): void {
    for (const life of log.lives) {
      for (const pair of pairs) if (pair.every((feature) => life.has(feature))) this.#count(pair.join(" × "));
    }
  }

  /** The pair that was met least, with its count. */
  rarest(): readonly [pair: string, count: number] {
    const counted = pairs.map((pair) => pair.join(" × ")).map((name) => [name, this.#counts.get(name) ?? 0] as const);
    return counted.reduce((least, each) => (each[1] < least[1] ? each : least));
  }

  #count(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}

const pairs = features.flatMap((one, index) => features.slice(index + 1).map((other) => [one, other] as const));
