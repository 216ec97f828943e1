export { type Address, parseAddress } from "./address.ts";
export { type CacheRedisConfig, type Config, describeConfig, type JobqueueRedisConfig } from "./config.ts";
export { CONFIG_EXIT_CODE, ConfigError, type ConfigProblem } from "./config-error.ts";
export { type LoadConfigOptions, loadConfig } from "./load-config.ts";
export type { AppEnv } from "./schema.ts";
