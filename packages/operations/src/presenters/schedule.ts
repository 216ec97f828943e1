import type { ScheduleView } from "@hikyaku/contract";
import { parsePayload, type ScheduleEntry, type ScheduleRecord } from "hikyaku";
import { hides, type Mask, maskedOptions, maskedValue, noMask, touches } from "./mask.ts";
import { presentMoment } from "./moment.ts";

/** What live schedulers say of an entry's turns, by its id. */
export type AnnouncedTurns = ReadonlyMap<
  string,
  { readonly schedulers: number; readonly previousAt: number | undefined }
>;

/** Several schedulers may fire the same entry. */
export function announcedTurns(records: readonly ScheduleRecord[]): AnnouncedTurns {
  const byEntry = new Map<string, { schedulers: number; previousAt: number | undefined }>();
  for (const { entryId, previousAt } of records) {
    const known = byEntry.get(entryId) ?? { schedulers: 0, previousAt: undefined };
    const latest = Math.max(known.previousAt ?? 0, previousAt ?? 0);
    byEntry.set(entryId, { schedulers: known.schedulers + 1, previousAt: latest === 0 ? undefined : latest });
  }
  return byEntry;
}

/** A schedule of the store, with what live schedulers say of it. */
export function presentSchedule(entry: ScheduleEntry, turns: AnnouncedTurns, mask: Mask = noMask): ScheduleView {
  const { payload, catchUp } = entry;
  const announced = turns.get(entry.id);
  return {
    id: entry.id,
    spec: entry.spec,
    time_zone: entry.timeZone,
    catch_up: typeof catchUp === "string" ? catchUp : { ...catchUp },
    type: entry.taskType,
    queue: entry.queue,
    payload: hides(mask, "payloads") ? null : maskedValue(jsonOf(entry), mask),
    payload_base64: payload === undefined || touches(mask, "payloads") ? null : Buffer.from(payload).toString("base64"),
    options: maskedOptions(entry.options, mask),
    paused: entry.paused,
    next_at: presentMoment(entry.nextAt),
    previous_at: presentMoment(announced?.previousAt),
    schedulers: announced?.schedulers ?? 0,
    revision: entry.revision,
  };
}

function jsonOf({ taskType, payload }: ScheduleEntry): unknown {
  try {
    return parsePayload({ type: taskType, payload: undefined }, payload) ?? null;
  } catch {
    return null;
  }
}
