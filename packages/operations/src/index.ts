export type { Authorize, Identity, RequestHead } from "./access/request-head.ts";
export type { OperationsContext } from "./context.ts";
export { closeScope } from "./mounts/closed-scope.ts";
export { type OperationsPluginOptions, operationsPlugin } from "./mounts/fastify.ts";
export { type NodeHandler, type NodeHandlerOptions, nodeHandler } from "./mounts/node.ts";
export { type WebHandler, type WebHandlerOptions, webHandler } from "./mounts/web.ts";
export { type HttpAnswer, Operations, type OperationsCall, type OperationsParts } from "./operations.ts";
export { type HandlerOf, type HandlersOf, type Route, routesOf } from "./route.ts";
