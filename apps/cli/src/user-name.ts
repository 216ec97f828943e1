import { userInfo } from "node:os";

/** Who runs the command, as servers, the history of tasks and the audit get it. */
export function userName(): string {
  try {
    return `hikyaku command of ${userInfo().username}`;
  } catch {
    // A user without a name, as in some containers, is named by host and pid alone.
    return "hikyaku command";
  }
}
