/** The command line names something that does not exist, or leaves out what is needed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
