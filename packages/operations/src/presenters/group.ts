import type { GroupView } from "@hikyaku/contract";
import type { GroupDetail } from "hikyaku";
import { presentMoment } from "./moment.ts";

/** A group that holds tasks. */
export function presentGroup({ group, size, oldestAt, newestAt }: GroupDetail): GroupView {
  return { group, size, oldest_at: presentMoment(oldestAt), newest_at: presentMoment(newestAt) };
}
