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

/**
 * A moment in local time: the time of day by the 24 hours that workers print too, with the date in front unless it is
 * the day of `nowMs`. `precise` adds the milliseconds.
 */
export function momentText(atMs: number, nowMs: number, locale: string, precise = false): string {
  const at = new Date(atMs);
  const now = new Date(nowMs);
  const time: Intl.DateTimeFormatOptions = {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    ...(precise ? { fractionalSecondDigits: 3 } : {}),
  };
  const day: Intl.DateTimeFormatOptions =
    at.toDateString() === now.toDateString() ? {} : { day: "numeric", month: "short" };
  const year: Intl.DateTimeFormatOptions = at.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return new Intl.DateTimeFormat(locale, { ...year, ...day, ...time }).format(atMs);
}

/** How a language writes lengths of time: one function a unit. */
export interface LengthUnits {
  readonly ms: (count: string) => string;
  readonly s: (count: string) => string;
  readonly min: (count: string) => string;
  readonly h: (count: string) => string;
  readonly d: (count: string) => string;
}

/** A length of time in its two largest units: "13 ms", "1.5 s", "75 s", "2 min 41 s", "3 h 5 min", "4 d 2 h". */
export function lengthText(ms: number, units: LengthUnits, locale: string): string {
  const number = (value: number, digits = 0) =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
  if (ms < 999.5) return units.ms(number(Math.round(ms)));
  if (ms < 9950) return units.s(number(ms / 1000, 1));
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return units.s(number(seconds));
  const both = (size: number, large: LengthUnits["d"], small: LengthUnits["d"], smallSize: number) => {
    const rest = Math.floor((seconds % size) / smallSize);
    const first = large(number(Math.floor(seconds / size)));
    return rest === 0 ? first : `${first} ${small(number(rest))}`;
  };
  if (seconds < 7200) return both(60, units.min, units.s, 1);
  if (seconds < 48 * 3600) return both(3600, units.h, units.min, 60);
  return both(86_400, units.d, units.h, 3600);
}
