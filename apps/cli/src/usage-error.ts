/** The command line names something that can't be meant, or leaves out what is needed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
