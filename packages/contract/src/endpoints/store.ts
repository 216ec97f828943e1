import { endpoint } from "../endpoint.ts";
import { checkStoreRequest, checkStoreResponse, storeResponse } from "../shapes/store.ts";

/** What holds the tasks. */
export const storeEndpoints = {
  getStore: endpoint({
    operationId: "get-store",
    tag: "store",
    summary: "Show the store",
    description: "Which one it is, how large, and how writing to it goes.",
    method: "GET",
    path: "/store",
    scope: "read",
    answers: { 200: storeResponse },
  }),
  checkStore: endpoint({
    operationId: "check-store",
    tag: "store",
    summary: "Look whether the store fits together",
    description:
      "As `hikyaku doctor` does: each task is looked at, slice by slice, while others work. A large store needs the command line; here it must be done within two minutes.",
    method: "POST",
    path: "/store/check",
    scope: "operate",
    body: checkStoreRequest,
    deadlineSeconds: 120,
    answers: { 200: checkStoreResponse },
  }),
};
