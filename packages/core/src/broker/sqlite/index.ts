import "../../node-version.ts";

export { type SqliteBrokerOptions, sqliteBroker } from "./sqlite-broker.ts";
