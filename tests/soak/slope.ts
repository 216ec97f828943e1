export interface Point {
  readonly minute: number;
  readonly bytes: number;
}

/** A straight line through points, by least squares. */
export interface Slope {
  readonly bytesPerMinute: number;
  /** How far `bytesPerMinute` is off, give or take: its standard error. */
  readonly uncertainty: number;
  /** The middle of the line. */
  readonly level: number;
  readonly percentPerHour: number;
}

/** At least three points that differ in time. */
export function slopeOf(points: readonly Point[]): Slope {
  const count = points.length;
  const minute = points.reduce((sum, point) => sum + point.minute, 0) / count;
  const level = points.reduce((sum, point) => sum + point.bytes, 0) / count;
  const spread = points.reduce((sum, point) => sum + (point.minute - minute) ** 2, 0);
  const rise = points.reduce((sum, point) => sum + (point.minute - minute) * (point.bytes - level), 0) / spread;
  const rest = points.reduce((sum, point) => sum + (point.bytes - level - rise * (point.minute - minute)) ** 2, 0);
  const uncertainty = Math.sqrt(rest / Math.max(1, count - 2) / spread);
  return { bytesPerMinute: rise, uncertainty, level, percentPerHour: ((rise * 60) / level) * 100 };
}

/** How much a line may rise and still count as flat: as long as it stays below either of the two. */
export interface Bound {
  readonly percentPerHour: number;
  readonly bytesPerHour: number;
}

/** Whether the line rises by more than the bound, and by more than chance explains: two standard errors. */
export function rises({ bytesPerMinute, uncertainty, level }: Slope, bound: Bound): boolean {
  const sureBytesPerHour = (bytesPerMinute - 2 * uncertainty) * 60;
  return sureBytesPerHour > bound.bytesPerHour && sureBytesPerHour > (level * bound.percentPerHour) / 100;
}
