export { hostNameOf, isLoopback } from "./loopback.ts";
export { type Authorize, fastifyHead, type Identity, type RequestHead } from "./request-head.ts";
export { thisMachineAccess } from "./this-machine.ts";
export { challenge, tokenAccess } from "./token.ts";
