import * as z from "zod";
import { endpoint } from "../endpoint.ts";
import { auditEntry, listAuditResponse } from "../shapes/audit-entry.ts";
import { moment } from "../shapes/moment.ts";
import { pageEnd, pageQuery, scanEnd } from "../shapes/page.ts";

const word = z.string().min(1).max(500).optional();

const filters = {
  who: word.meta({ description: "Only changes of somebody with this name." }),
  operation: word.meta({ description: "Only this operation, such as `pause-queue`." }),
  queue: word.meta({ description: "Only what was done on this queue, or on tasks in it." }),
  id: word.meta({ description: "Only what was done on the task, server or schedule of this id." }),
  result: z.enum(["done", "not_done", "perhaps_done"]).optional(),
  since: moment.optional().meta({ description: "Only from this moment on." }),
  until: moment.optional().meta({ description: "Only before this moment." }),
};

const cursor = z
  .string()
  .regex(/^\d{1,16}$/, "expected `next` of the answer before")
  .optional();

/** Who changed what, when and from where. */
export const auditEndpoints = {
  listAudit: endpoint({
    operationId: "list-audit",
    tag: "audit",
    summary: "List who changed what",
    description:
      "Every change over HTTP, by the command line and by code that says who it is, the newest first. Adding tasks is no " +
      "change here. A page may be empty and have a next.",
    method: "GET",
    path: "/audit",
    scope: "admin",
    query: z.object({ ...pageQuery, cursor, ...filters }),
    answers: { 200: listAuditResponse.extend({ ...pageEnd, ...scanEnd }) },
  }),
  exportAudit: endpoint({
    operationId: "export-audit",
    tag: "audit",
    summary: "Export who changed what",
    description: "The same as lines of JSON, all that there are, the newest first.",
    method: "GET",
    path: "/audit/export",
    scope: "admin",
    query: z.object(filters),
    streams: "application/x-ndjson",
    answers: { 200: auditEntry },
  }),
};
