/** A moment as every answer tells it. Null when there is none, or what is stored in its place is none. */
export function presentMoment(moment: Date | number | undefined): string | null {
  if (moment === undefined) return null;
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
