/** `local` outlives the tab, `session` lives as long as the tab. */
export type StorageArea = "local" | "session";

/** The text stored under a key. Null when there is none, or the browser allows no storage. */
export function readStored(area: StorageArea, key: string): string | null {
  try {
    return storageOf(area).getItem(key);
  } catch {
    return null;
  }
}

/** Stores a text. If the browser allows no storage, or it is full, the choice lasts as long as the page. */
export function writeStored(area: StorageArea, key: string, text: string): void {
  try {
    storageOf(area).setItem(key, text);
  } catch {
    // The page works without: it holds the value itself.
  }
}

// To read the property throws when storage is blocked, so it must happen inside the callers' try.
function storageOf(area: StorageArea): Storage {
  return area === "local" ? window.localStorage : window.sessionStorage;
}
