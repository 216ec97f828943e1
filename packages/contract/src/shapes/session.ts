import * as z from "zod";
import { SCOPES } from "../scopes.ts";
import { moment } from "./moment.ts";

const caller = {
  who: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  queues: z.array(z.string()).nullable().meta({ description: "The queues that it is limited to; null for all." }),
};

/** Who asks. */
export const callerView = z
  .object({ id: z.string().nullable().meta({ description: "Of the session; null without one." }), ...caller })
  .meta({ id: "Caller", title: "Who asks", description: "As the credential of the request says." });

/** A session of a browser. */
export const sessionView = z
  .object({
    id: z.string().meta({ description: "Tells sessions apart; it is no secret." }),
    ...caller,
    created_at: moment,
    ends_at: moment,
    from: z.string().nullable().meta({ description: "The address that it was begun from." }),
  })
  .meta({ id: "Session", title: "A session", description: "Somebody who signed in with a browser." });

/** A session of a browser. */
export type SessionView = z.infer<typeof sessionView>;
