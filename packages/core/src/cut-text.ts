/** The longest text of a task's last error, in characters. */
export const longestStoredError = 8_192;
/** The longest error of an attempt's record, of which a task has up to 20, and of a line of the log. */
export const longestShownError = 1_000;

/** The text itself, or its first `most` UTF-16 units and how many there were: `… (the first 1000 of 200000 characters)`. */
export function cutText(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most).toWellFormed()}… (the first ${most} of ${text.length} characters)`;
}
