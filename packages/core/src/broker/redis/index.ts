import "../../node-version.ts";

export { redisBroker } from "./redis-broker.ts";
export type {
  RedisClusterOptions,
  RedisDurabilityOptions,
  RedisOptions,
  RedisSentinelOptions,
  RedisTlsOptions,
} from "./redis-options.ts";
