import { momentText } from "@hikyaku/contract";

/** A moment as every answer tells it. Null when there is none, or what is stored in its place is none. */
export function presentMoment(moment: Date | number | undefined | null): string | null {
  return moment === undefined || moment === null || Number.isNaN(Number(moment)) ? null : momentText(moment);
}
