/**
 * A new id for a job: a UUIDv7, which sorts by time. Not made by `crypto.randomUUID`, which browsers offer only on
 * https and localhost.
 */
export function newJobId(nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let index = 0; index < 6; index++) bytes[index] = Math.floor(nowMs / 2 ** (8 * (5 - index))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** Longest id that the API takes, in characters. */
const MOST_CHARACTERS = 200;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The typed or pasted id of a job, without the blanks around it. Undefined when no id looks like that. A UUID is
 * written in lower case, as the store has it; ids of other programs stay as they are.
 */
export function readJobId(text: string): string | undefined {
  const id = text.normalize("NFKC").trim();
  // The API takes several ids joined by commas. An id with a comma would be read as two.
  if (id === "" || id.length > MOST_CHARACTERS || /[\s,]/.test(id)) return undefined;
  return UUID.test(id) ? id.toLowerCase() : id;
}
