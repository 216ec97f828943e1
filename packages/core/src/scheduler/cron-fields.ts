import { HikyakuError } from "../errors.ts";
import { shown } from "../option-names.ts";

/** The values that match, for each field, in rising order. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  readonly daysOfWeek: readonly number[];
  /** Whether a day must match both day fields. Otherwise one of them is enough. */
  readonly bothDays: boolean;
}

interface FieldRule {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly words?: readonly string[];
}

interface Field {
  readonly values: readonly number[];
  readonly star: boolean;
}

const seconds: FieldRule = { name: "seconds", least: 0, most: 59 };
const rules: readonly FieldRule[] = [
  { name: "minutes", least: 0, most: 59 },
  { name: "hours", least: 0, most: 23 },
  { name: "day of month", least: 1, most: 31 },
  {
    name: "month",
    least: 1,
    most: 12,
    words: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of week", least: 0, most: 6, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

/**
 * Reads five fields (minutes, hours, day of month, month, day of week), or six with seconds first.
 *
 * A field is a list, separated by commas, of `*`, `?` (the same), `a`, or `a-b`, each with an optional `/step`.
 * `a/step` runs to the field's end. Months and days of the week have English names of three letters; 7 is no day. Empty
 * items of a list are skipped, so `,` never matches. If one of the two day fields has a star without a step, both must
 * match; otherwise one is enough.
 * @throws HikyakuError `invalid_option`.
 */
export function parseCronFields(text: string, spec: string): CronFields {
  const parts = text.split(/\s+/).filter((part) => part !== "");
  if (parts.length !== 5 && parts.length !== 6) {
    throw new HikyakuError(
      "invalid_option",
      `cron spec ${shown(spec)}: expected 5 fields (minutes, hours, day of month, month, day of week), or 6 with ` +
        `seconds first, got ${parts.length}`,
    );
  }
  const [second, minutes, hours, days, months, weekdays] = (
    parts.length === 6 ? [seconds, ...rules] : [{ ...seconds, most: 0 }, ...rules]
  ).map((rule, index) => {
    const part = parts.length === 6 ? parts[index] : index === 0 ? "0" : parts[index - 1];
    return parseField(part ?? "", rule, spec);
  }) as [Field, Field, Field, Field, Field, Field];
  return {
    seconds: second.values,
    minutes: minutes.values,
    hours: hours.values,
    daysOfMonth: days.values,
    months: months.values,
    daysOfWeek: weekdays.values,
    bothDays: days.star || weekdays.star,
  };
}

function parseField(text: string, rule: FieldRule, spec: string): Field {
  const values = new Set<number>();
  let star = false;
  for (const item of text.split(",")) {
    if (item === "") continue;
    const range = parseItem(item, rule, spec);
    for (let value = range.from; value <= range.to; value += range.step) values.add(value);
    star ||= range.star;
  }
  return { values: [...values].sort((a, b) => a - b), star };
}

const itemPattern = /^(?:([*?])|([^-/]+)(?:-([^-/]+))?)(?:\/([^/]+))?$/;

function parseItem(
  item: string,
  rule: FieldRule,
  spec: string,
): { from: number; to: number; step: number; star: boolean } {
  const invalid = (expected: string): HikyakuError =>
    new HikyakuError(
      "invalid_option",
      `cron spec ${shown(spec)}, ${rule.name}: expected ${expected}, got ${shown(item)}`,
    );
  const [whole, star, first, last, stepText] = itemPattern.exec(item) ?? [];
  if (whole === undefined) throw invalid('"*", a value, or a range such as "1-5", each with an optional "/step"');
  const numberOf = (text: string): number => {
    const word = rule.words?.indexOf(text.toLowerCase()) ?? -1;
    const value = word >= 0 ? word + rule.least : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= rule.least && value <= rule.most) return value;
    const names = rule.words === undefined ? "" : ` or one of ${rule.words.join(", ")}`;
    throw invalid(`values from ${rule.least} to ${rule.most}${names}`);
  };
  const step = stepText === undefined ? 1 : /^\d{1,9}$/.test(stepText) ? Number(stepText) : 0;
  if (step === 0) throw invalid("a step that is a whole number from 1 up");
  if (star !== undefined) return { from: rule.least, to: rule.most, step, star: step === 1 };
  const from = numberOf(first ?? "");
  const to = last !== undefined ? numberOf(last) : stepText !== undefined ? rule.most : from;
  if (from > to) throw invalid("a range that does not run backwards");
  return { from, to, step, star: false };
}
