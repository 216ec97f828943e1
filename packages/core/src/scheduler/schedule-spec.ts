import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";
import { type CronFields, parseCronFields } from "./cron-fields.ts";
import { parseGoDuration } from "./go-duration.ts";
import { type TimeZone, timeZoneNamed } from "./time-zone.ts";

/** When a periodic task is due, as a spec says. */
export type Schedule =
  | { readonly kind: "cron"; readonly fields: CronFields; readonly zone: TimeZone }
  /** Counted from an anchor, not from a round time of day. */
  | { readonly kind: "every"; readonly intervalMs: number };

const descriptors: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/**
 * A spec lies in the store and is read again and again. There is room to list all 60 seconds, minutes and hours several
 * times.
 */
const longestSpec = 1_024;

/**
 * Reads a cron spec, as Asynq's schedulers do. It is one of:
 * - five fields (or six, seconds first, which Asynq does not have);
 * - a descriptor such as `@daily`;
 * - `@every` with a Go duration such as `1h30m`, which is cut to whole seconds and at least one.
 *
 * `TZ=<zone> ` or `CRON_TZ=<zone> ` may stand in front. Without it, `defaultZone` holds.
 * @throws HikyakuError `invalid_option`.
 */
export function parseSchedule(spec: unknown, defaultZone: string): Schedule {
  if (typeof spec !== "string") {
    throw new HikyakuError(
      "invalid_option",
      `cron spec: expected a text such as "0 9 * * mon-fri", got ${shown(spec)}`,
    );
  }
  if (spec.length > longestSpec) {
    throw new HikyakuError(
      "invalid_option",
      `cron spec: expected at most ${longestSpec} characters, got ${spec.length}: ${shown(spec)}`,
    );
  }
  const { zoneName, rest } = withoutZone(spec);
  if (rest.startsWith("@every ")) return { kind: "every", intervalMs: interval(rest.slice("@every ".length), spec) };
  const fields = rest.startsWith("@") ? descriptors[rest] : rest;
  if (fields === undefined) {
    throw new HikyakuError(
      "invalid_option",
      `cron spec ${shown(spec)}: expected one of ${Object.keys(descriptors).join(", ")} or "@every <duration>"`,
    );
  }
  const zone = timeZoneNamed("timeZone", zoneName ?? defaultZone);
  return { kind: "cron", fields: parseCronFields(fields, spec), zone };
}

function withoutZone(spec: string): { zoneName: string | undefined; rest: string } {
  const [whole, zoneName] = /^(?:CRON_)?TZ=([^ ]*)/.exec(spec) ?? [];
  if (whole === undefined || zoneName === undefined) return { zoneName: undefined, rest: spec };
  if (whole.length === spec.length) {
    throw new HikyakuError(
      "invalid_option",
      `cron spec ${shown(spec)}: expected fields after the time zone and a space, got nothing`,
    );
  }
  return { zoneName: zoneName === "" ? "UTC" : zoneName, rest: spec.slice(whole.length).trim() };
}

function interval(text: string, spec: string): number {
  const ns = parseGoDuration(text);
  if (ns === undefined || ns < 0n) {
    throw new HikyakuError(
      "invalid_option",
      `cron spec ${shown(spec)}: expected a duration such as "90s" or "1h30m" after "@every ", got ${shown(text)}`,
    );
  }
  return Math.max(1, Number(ns / 1_000_000_000n)) * 1_000;
}

/** How many calendar years ahead to look for a match. */
const yearsAhead = 5;

/**
 * The first turn after a moment. Undefined when none comes within five years. Turns lie on whole seconds.
 *
 * A cron schedule matches every second whose local time fits its fields. A local time that a clock change skips does
 * not come that day; one that it repeats comes twice. `anchor` is where an `@every` schedule counts from.
 */
export function nextTurn(schedule: Schedule, after: number, anchor: number): number | undefined {
  if (schedule.kind === "every") {
    const start = wholeSecond(anchor);
    const turns = Math.max(1, Math.floor((after - start) / schedule.intervalMs) + 1);
    return start + turns * schedule.intervalMs;
  }
  const { fields, zone } = schedule;
  let from = wholeSecond(after) + 1_000;
  const lastYear = new Date(from + zone.offsetAt(from)).getUTCFullYear() + yearsAhead;
  for (;;) {
    const offset = zone.offsetAt(from);
    const local = nextLocal(fields, from + offset, lastYear);
    if (local === undefined) return undefined;
    const change = zone.nextChange(from, local - offset);
    if (change === undefined) return local - offset;
    from = change;
  }
}

/**
 * A moment to count from that is not later than now. `anchor` lies ahead of now when it came from a clock that was
 * ahead. The result is then an earlier moment with the same `@every` turns, or now for a cron schedule. Otherwise it is
 * `anchor` itself.
 */
export function anchorNotAfter(schedule: Schedule, anchor: number, now: number): number {
  if (anchor <= now) return anchor;
  if (schedule.kind !== "every") return now;
  const { intervalMs } = schedule;
  return anchor - Math.ceil((anchor - now) / intervalMs) * intervalMs;
}

/** The last turns after `after` and not after `until`, oldest first, at most `most`. */
export function lastTurns(schedule: Schedule, after: number, until: number, anchor: number, most: number): number[] {
  // Looks back further and further, so that a long downtime of a busy entry costs no more than a short one.
  for (let windowMs = 60_000; ; windowMs *= 4) {
    const from = Math.max(after, until - windowMs);
    const turns: number[] = [];
    let turn = nextTurn(schedule, from, anchor);
    while (turn !== undefined && turn <= until) {
      turns.push(turn);
      turn = nextTurn(schedule, turn, anchor);
    }
    if (turns.length >= most || from === after) return turns.slice(-most);
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000;
}

const dayMs = 86_400_000;

/** The first matching local time at or after `from`, both written as if they were UTC. */
function nextLocal(fields: CronFields, from: number, lastYear: number): number | undefined {
  if (fields.hours.length === 0 || fields.minutes.length === 0 || fields.seconds.length === 0) return undefined;
  let day = Math.floor(from / dayMs) * dayMs;
  let earliest = (from - day) / 1_000;
  for (;;) {
    const date = new Date(day);
    if (date.getUTCFullYear() > lastYear) return undefined;
    if (!fields.months.includes(date.getUTCMonth() + 1)) {
      day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
    } else {
      const second = dayMatches(fields, date) ? secondOfDay(fields, earliest) : undefined;
      if (second !== undefined) return day + second * 1_000;
      day += dayMs;
    }
    earliest = 0;
  }
}

function dayMatches(fields: CronFields, date: Date): boolean {
  const ofMonth = fields.daysOfMonth.includes(date.getUTCDate());
  const ofWeek = fields.daysOfWeek.includes(date.getUTCDay());
  return fields.bothDays ? ofMonth && ofWeek : ofMonth || ofWeek;
}

function secondOfDay({ hours, minutes, seconds }: CronFields, earliest: number): number | undefined {
  for (const hour of hours) {
    if (hour * 3_600 + 3_599 < earliest) continue;
    for (const minute of minutes) {
      const start = hour * 3_600 + minute * 60;
      if (start + 59 < earliest) continue;
      const second = seconds.find((value) => start + value >= earliest);
      if (second !== undefined) return start + second;
    }
  }
  return undefined;
}
