const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * What a task may be stored as that somebody calls by this id: as it was written, and a UUID also in lower case, as this
 * library makes them. Ids of other programs may be UUIDs in capitals, so the first one that is there is meant.
 */
export function spellingsOf(id: string): readonly string[] {
  const lower = id.toLowerCase();
  return id !== lower && uuid.test(id) ? [id, lower] : [id];
}
