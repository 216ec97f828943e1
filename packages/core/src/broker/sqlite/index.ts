export { type SqliteBrokerOptions, sqliteBroker } from "./sqlite-broker.ts";
