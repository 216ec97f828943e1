import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isHikyakuError } from "../errors.ts";
import { lastTurns, nextTurn, parseSchedule } from "./schedule-spec.ts";

interface GoTurns {
  readonly spec: string;
  readonly zone: string;
  readonly from: string;
  readonly turns: readonly string[];
}

const golden = JSON.parse(readFileSync(new URL("../../fixtures/cron/turns.json", import.meta.url), "utf8")) as {
  refused: string[];
  turns: GoTurns[];
};

function turnsOf(spec: string, zone: string, from: string, count: number): string[] {
  const schedule = parseSchedule(spec, zone);
  const turns: string[] = [];
  let turn = nextTurn(schedule, Date.parse(from), 0);
  while (turn !== undefined && turns.length < count) {
    turns.push(new Date(turn).toISOString().replace(".000Z", "Z"));
    turn = nextTurn(schedule, turn, 0);
  }
  return turns;
}

function refusal(spec: unknown, zone = "UTC"): string {
  try {
    parseSchedule(spec, zone);
  } catch (error) {
    return isHikyakuError(error, "invalid_option") ? error.message : `another error: ${String(error)}`;
  }
  return "accepted";
}

describe("a cron spec", () => {
  it("falls due when robfig/cron says so", () => {
    const differing = golden.turns.filter(
      ({ spec, zone, from, turns }) => turnsOf(spec, zone, from, 6).join() !== turns.join(),
    );
    expect(differing).toEqual([]);
    expect(golden.turns.length).toBeGreaterThan(800);
  });

  it("is refused where robfig/cron refuses it, except that six fields are seconds first", () => {
    const accepted = golden.refused.filter((spec) => refusal(spec) === "accepted");
    expect(accepted).toEqual(["* * * * * *"]);
    expect(turnsOf("*/20 59 23 * * *", "UTC", "2026-01-01T23:59:30Z", 3)).toEqual([
      "2026-01-01T23:59:40Z",
      "2026-01-02T23:59:00Z",
      "2026-01-02T23:59:20Z",
    ]);
  });

  it("has 1024 characters at most", () => {
    const long = `${"0,".repeat(2_000)}0 9 * * *`;
    expect(refusal(long)).toMatch(/^cron spec: expected at most 1024 characters, got 4009: "0,0,/);
    expect(refusal(`@every ${"1s".repeat(1_000)}`)).toContain("at most 1024 characters");
    const each = Array.from({ length: 60 }, (_, index) => index);
    expect(refusal(`TZ=America/Argentina/ComodRivadavia ${each} ${each} ${each.slice(0, 24)} * * *`)).toBe("accepted");
  });

  it("names the field, what was expected and what came", () => {
    expect(refusal("* * * * 7")).toBe(
      'cron spec "* * * * 7", day of week: expected values from 0 to 6 or one of sun, mon, tue, wed, thu, fri, sat, got "7"',
    );
    expect(refusal("0 9 * *")).toContain("expected 5 fields");
    expect(refusal("TZ=UTC")).toContain("expected fields after the time zone");
    expect(refusal("* * * * *", "+02:00")).toContain("expected an IANA time zone");
    expect(refusal(7)).toContain("got 7");
    expect(refusal("@every -5s")).toContain("expected a duration");
  });

  it("comes only on days and hours that exist", () => {
    // Samoa had no 30 December 2011.
    expect(turnsOf("0 12 * * *", "Pacific/Apia", "2011-12-29T08:00:00Z", 3)).toEqual([
      "2011-12-29T22:00:00Z",
      "2011-12-30T22:00:00Z",
      "2011-12-31T22:00:00Z",
    ]);
    // Lebanon's midnight does not exist on 29 March 2026, noon does.
    expect(turnsOf("0 0,12 29 3 *", "Asia/Beirut", "2026-03-01T00:00:00Z", 1)).toEqual(["2026-03-29T09:00:00Z"]);
    // Lord Howe moves by half an hour.
    expect(turnsOf("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", 1)).toEqual(["2026-10-04T15:15:00Z"]);
  });

  it("comes twice at a local time that a clock change repeats", () => {
    expect(turnsOf("30 1 1 11 *", "America/New_York", "2026-10-31T00:00:00Z", 2)).toEqual([
      "2026-11-01T05:30:00Z",
      "2026-11-01T06:30:00Z",
    ]);
  });

  const zones = ["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/St_Johns", "Asia/Kolkata"];
  const field = (least: number, most: number) => {
    const value = fc.integer({ min: least, max: most });
    const item = fc.oneof(
      fc.constant("*"),
      value.map(String),
      fc.integer({ min: 1, max: most }).map((step) => `*/${step}`),
      fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    );
    return fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(","));
  };
  const spec = fc.tuple(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6));

  it("matches exactly the minutes that a walk over all of them finds", { timeout: 60_000 }, () => {
    // Around the clock changes of the zones above.
    const start = fc.constantFrom("2026-03-07", "2026-03-28", "2026-10-03", "2026-10-31", "2026-06-10");
    fc.assert(
      fc.property(spec, fc.constantFrom(...zones), start, (fields, zone, day) => {
        const from = Date.parse(`${day}T06:00:00Z`);
        const until = from + 27 * 3_600_000;
        const walked: number[] = [];
        for (let moment = from + 60_000; moment <= until; moment += 60_000) {
          if (matches(fields, zone, moment)) walked.push(moment);
        }
        const schedule = parseSchedule(fields.join(" "), zone);
        const turns: number[] = [];
        for (let turn = nextTurn(schedule, from, 0); turn !== undefined && turn <= until; ) {
          turns.push(turn);
          turn = nextTurn(schedule, turn, 0);
        }
        expect(turns).toEqual(walked);
        expect(lastTurns(schedule, from, until, 0, 5)).toEqual(walked.slice(-5));
      }),
      { numRuns: 40 },
    );
  });

  it("matches exactly the seconds that a walk over all of them finds", () => {
    fc.assert(
      fc.property(field(0, 59), field(0, 59), (seconds, minutes) => {
        const schedule = parseSchedule(`${seconds} ${minutes} * * * *`, "Asia/Kathmandu");
        const from = Date.parse("2026-01-01T00:20:00Z");
        const [wantedSeconds, wantedMinutes] = [valuesOf(seconds, 0, 59), valuesOf(minutes, 0, 59)];
        let next: number | undefined;
        for (let moment = from + 1_000; next === undefined && moment <= from + 7_200_000; moment += 1_000) {
          // Kathmandu is 45 minutes off the hour.
          const local = new Date(moment + 345 * 60_000);
          if (wantedSeconds.has(local.getUTCSeconds()) && wantedMinutes.has(local.getUTCMinutes())) next = moment;
        }
        expect(nextTurn(schedule, from, 0)).toBe(next);
      }),
    );
  });
});

function valuesOf(text: string, least: number, most: number): Set<number> {
  const values = new Set<number>();
  for (const item of text.split(",")) {
    const [range = "", step = "1"] = item.split("/");
    const [a, b = a] = range === "*" ? [least, most] : range.split("-").map(Number);
    for (let value = a ?? 0; value <= (b ?? 0); value += Number(step)) values.add(value);
  }
  return values;
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const formats = new Map<string, Intl.DateTimeFormat>();

/** The rule itself, by other means than the code under test: parts of a formatted date against each field. */
function matches(fields: readonly string[], zone: string, moment: number): boolean {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      weekday: "short",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
  const [minutes = "", hours = "", days = "", months = "", daysOfWeek = ""] = fields;
  if (!valuesOf(minutes, 0, 59).has(Number(parts["minute"]))) return false;
  if (!valuesOf(hours, 0, 23).has(Number(parts["hour"]))) return false;
  if (!valuesOf(months, 1, 12).has(Number(parts["month"]))) return false;
  const ofMonth = valuesOf(days, 1, 31).has(Number(parts["day"]));
  const ofWeek = valuesOf(daysOfWeek, 0, 6).has(weekdays.indexOf(parts["weekday"] ?? ""));
  const star = [days, daysOfWeek].some((field) => field.split(",").some((item) => item === "*" || item === "*/1"));
  return star ? ofMonth && ofWeek : ofMonth || ofWeek;
}

describe("an @every spec", () => {
  const anchor = Date.parse("2026-01-01T12:00:07.900Z");
  const next = (spec: string, afterMs: number) =>
    (nextTurn(parseSchedule(spec, "UTC"), anchor + afterMs, anchor) ?? 0) - anchor;

  it("counts whole seconds from its anchor", () => {
    expect(next("@every 90s", 0)).toBe(90_000 - 900);
    expect(next("@every 90s", 90_000 - 900)).toBe(180_000 - 900);
    expect(next("@every 1h30m", 0)).toBe(5_400_000 - 900);
    expect(next("@every 1.5h", 86_400_000)).toBe(86_400_000 + 5_400_000 - 900);
    expect(next("TZ=Asia/Tokyo @every 1m", -10_000)).toBe(60_000 - 900);
  });

  it("cuts fractions of a second and is never shorter than one", () => {
    expect(next("@every 2900ms", 0)).toBe(2_000 - 900);
    expect(next("@every 10ns", 0)).toBe(1_000 - 900);
    expect(next("@every 0", 0)).toBe(1_000 - 900);
  });

  it("gives its last turns quickly after a long downtime", () => {
    const schedule = parseSchedule("@every 1s", "UTC");
    const end = anchor + 5 * 365 * 86_400_000;
    expect(lastTurns(schedule, anchor, end, anchor, 3).map((turn) => turn - end)).toEqual([-2_900, -1_900, -900]);
  });
});
