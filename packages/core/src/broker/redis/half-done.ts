import { errorText, HikyakuError } from "../../errors.ts";

/** What became of a call of several scripts when one failed behind others that leased tasks: it was carried out in part. */
export function halfDone(error: unknown): HikyakuError {
  return new HikyakuError("answer_lost", `tasks were leased before the call failed: ${errorText(error)}`, {
    cause: error,
  });
}
