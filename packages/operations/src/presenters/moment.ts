/** A moment as every answer tells it; null where there is none. */
export function presentMoment(moment: Date | number | undefined): string | null {
  return moment === undefined ? null : new Date(moment).toISOString();
}
