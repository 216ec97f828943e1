export { freePort } from "./free-port.ts";
export { type RedisCluster, type RedisClusterOptions, startRedisCluster } from "./redis-cluster.ts";
export { type RedisSentinels, startRedisSentinels } from "./redis-sentinels.ts";
export {
  type RedisServer,
  type RedisServerOptions,
  redisCliPath,
  redisServerPath,
  startRedisServer,
  valkeyServerPath,
} from "./redis-server.ts";
export { isSince, type ServerProgram, serverProgram, speaksTls } from "./server-program.ts";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
export { makeTestCertificate, type TestCertificate } from "./test-certificate.ts";
