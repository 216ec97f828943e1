import { errorText, HikyakuError } from "../../errors.ts";

/** The error when one of several scripts failed after others had leased tasks: the call was carried out in part. */
export function halfDone(error: unknown): HikyakuError {
  return new HikyakuError("answer_lost", `tasks were leased before the call failed: ${errorText(error)}`, {
    cause: error,
  });
}
