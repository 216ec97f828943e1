export { freePort } from "./free-port.ts";
export { type RedisCluster, startRedisCluster } from "./redis-cluster.ts";
export { type RedisServer, type RedisServerOptions, redisServerPath, startRedisServer } from "./redis-server.ts";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
