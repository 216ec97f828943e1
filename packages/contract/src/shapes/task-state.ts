import * as z from "zod";

/** Where a task is. */
export const taskState = z.enum(["pending", "active", "scheduled", "retry", "aggregating", "completed", "archived"]);
