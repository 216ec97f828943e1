const STEPS = [
  { unit: "second", seconds: 1, below: 120 },
  { unit: "minute", seconds: 60, below: 120 * 60 },
  { unit: "hour", seconds: 3600, below: 48 * 3600 },
  { unit: "day", seconds: 86_400, below: Number.POSITIVE_INFINITY },
] as const;

/** How far off something is, in words: "in 90 seconds", "in 3 minutes". Rounded to the unit that reads best. */
export function distanceText(seconds: number, locale: string): string {
  const size = Math.abs(seconds);
  const step = STEPS.find(({ below }) => size < below) ?? STEPS[0];
  return new Intl.RelativeTimeFormat(locale).format(Math.round(seconds / step.seconds), step.unit);
}

/** A moment in local time: the time of day, with the date in front unless it is the day of `nowMs`. */
export function momentText(atMs: number, nowMs: number, locale: string): string {
  const sameDay = new Date(atMs).toDateString() === new Date(nowMs).toDateString();
  const options = { timeStyle: "medium" } as const;
  return new Intl.DateTimeFormat(locale, sameDay ? options : { ...options, dateStyle: "medium" }).format(atMs);
}
