import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

const dayMs = 86_400_000;

/** The local time of one place. */
export interface TimeZone {
  readonly name: string;
  /** How far local time is ahead of UTC at a moment, in milliseconds. */
  offsetAt(moment: number): number;
  /**
   * The first whole second after `from`, at most `until`, whose offset differs from the one at `from`. Undefined when
   * there is none. Two changes within a day that undo each other are not seen: no zone has had such.
   */
  nextChange(from: number, until: number): number | undefined;
}

const known = new Map<string, TimeZone>();

/**
 * A time zone by its IANA name, such as `Europe/Paris`.
 * @throws HikyakuError `invalid_option`; the message names `option`.
 */
export function timeZoneNamed(option: string, name: unknown): TimeZone {
  const found = typeof name === "string" ? known.get(name) : undefined;
  if (found !== undefined) return found;
  // Node takes `+02:00` for a zone. Asynq and its tools do not.
  const zone = typeof name === "string" && /^[A-Za-z]/.test(name) ? make(name) : undefined;
  if (zone === undefined) {
    throw new HikyakuError(
      "invalid_option",
      `option "${option}": expected an IANA time zone such as "Europe/Paris" or "UTC", got ${shown(name)}`,
    );
  }
  known.set(zone.name, zone);
  return zone;
}

function make(name: string): TimeZone | undefined {
  if (name === "UTC") return { name, offsetAt: () => 0, nextChange: () => undefined };
  try {
    return new IntlTimeZone(name);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class IntlTimeZone implements TimeZone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  /** The last time span found to be without a change: nearly all questions are about the days around now. */
  #calm = { from: 0, until: 0, offset: 0 };

  constructor(name: string) {
    this.name = name;
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  offsetAt(moment: number): number {
    const { from, until, offset } = this.#calm;
    return moment >= from && moment < until ? offset : this.#lookUp(moment);
  }

  nextChange(from: number, until: number): number | undefined {
    const offset = this.offsetAt(from);
    let calm = this.#calm;
    if (from < calm.from || from >= calm.until) calm = { from, until: from, offset };
    let change: number | undefined;
    while (change === undefined && calm.until < until) {
      const probe = Math.min(calm.until + dayMs, until);
      if (this.#lookUp(probe) === offset) calm = { ...calm, until: probe };
      else change = this.#firstOther(offset, calm.until, probe);
    }
    this.#calm = calm;
    return change;
  }

  #lookUp(moment: number): number {
    const [month, day, year, hour, minute, second] = this.#format.format(moment).match(/\d+/g)?.map(Number) ?? [];
    const local = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
    return local - Math.floor(moment / 1_000) * 1_000;
  }

  #firstOther(offset: number, same: number, other: number): number {
    let [before, after] = [Math.floor(same / 1_000), Math.floor(other / 1_000)];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#lookUp(middle * 1_000) === offset) before = middle;
      else after = middle;
    }
    return after * 1_000;
  }
}
