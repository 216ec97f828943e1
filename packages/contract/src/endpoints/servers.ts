import { endpoint } from "../endpoint.ts";
import {
  evictServerRequest,
  evictServerResponse,
  listServersResponse,
  MAX_WAIT_SECONDS,
  quietServerRequest,
  serverOrderParams,
  serverOrderResponse,
  stopServerRequest,
} from "../shapes/worker-server.ts";

/** The longest wait of an order, and what the store needs beside it. */
const deadlineSeconds = MAX_WAIT_SECONDS + 10;

const tooManyKept = "Nobody knows the server, and enough orders are kept for such ones. Nothing was done.";

/** Who works on the queues, and remote control of them. */
export const serverEndpoints = {
  listServers: endpoint({
    operationId: "list-servers",
    tag: "servers",
    summary: "List the worker servers",
    description: "Those that are there with what they run, and those that fell silent, each with what is wrong.",
    method: "GET",
    path: "/servers",
    scope: "read",
    answers: { 200: listServersResponse },
  }),
  quietServer: endpoint({
    operationId: "quiet-server",
    tag: "servers",
    summary: "Tell a worker server to take no new tasks",
    description: "Running tasks go on. 200 once the server was seen to obey, 202 while the order waits for it.",
    method: "POST",
    path: "/servers/{id}/quiet",
    scope: "operate",
    params: serverOrderParams,
    body: quietServerRequest,
    deadlineSeconds,
    answers: { 200: serverOrderResponse, 202: serverOrderResponse },
    errors: { wrong_state: tooManyKept },
  }),
  stopServer: endpoint({
    operationId: "stop-server",
    tag: "servers",
    summary: "Tell a worker server to stop",
    description:
      "Running tasks may finish, then its process ends. 200 once the server was seen to obey, 202 while the order waits.",
    method: "POST",
    path: "/servers/{id}/stop",
    scope: "operate",
    params: serverOrderParams,
    body: stopServerRequest,
    deadlineSeconds,
    answers: { 200: serverOrderResponse, 202: serverOrderResponse },
    errors: { wrong_state: tooManyKept },
  }),
  evictServer: endpoint({
    operationId: "evict-server",
    tag: "servers",
    summary: "Take all tasks away from a worker server that does not listen",
    description:
      "At once and whatever it does: its tasks wait in front of their queues, with nothing spent, and nothing that it " +
      "still writes about them counts.",
    method: "POST",
    path: "/servers/{id}/evict",
    scope: "operate",
    params: serverOrderParams,
    body: evictServerRequest,
    deadlineSeconds,
    answers: { 200: evictServerResponse },
    errors: {
      wrong_state:
        "The server was heard of in the last seconds and `force` is not set, or it is unknown and enough orders are kept.",
    },
  }),
};
