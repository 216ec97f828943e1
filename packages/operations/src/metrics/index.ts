export { EXPOSITION_TYPES, type ExpositionFormat, exposition, formatFor } from "./exposition.ts";
export { joinFamilies, labelled, type MetricFamily } from "./metric-family.ts";
export { ProcessMetrics } from "./process-metrics.ts";
export { StoreMetrics } from "./store-metrics.ts";
