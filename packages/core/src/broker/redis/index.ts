export { redisBroker } from "./redis-broker.ts";
export type { RedisOptions, RedisTlsOptions } from "./redis-options.ts";
