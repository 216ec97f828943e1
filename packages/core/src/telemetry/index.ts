import "../node-version.ts";

export type { Conventions } from "./conventions.ts";
export { Telemetry, type TelemetryOptions } from "./telemetry.ts";
