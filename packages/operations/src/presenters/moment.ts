/** A moment as every answer tells it. Null when there is none. */
export function presentMoment(moment: Date | number | undefined): string | null {
  return moment === undefined ? null : new Date(moment).toISOString();
}
