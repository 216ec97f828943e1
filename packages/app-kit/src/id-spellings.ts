const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The ids under which the task that somebody calls by this id may be stored. One is the id as written. For a UUID the
 * other is in lower case, as this library makes them. Ids of other programs may be UUIDs in capitals, so the first one
 * that exists is meant.
 */
export function spellingsOf(id: string): readonly string[] {
  const lower = id.toLowerCase();
  return id !== lower && uuid.test(id) ? [id, lower] : [id];
}
