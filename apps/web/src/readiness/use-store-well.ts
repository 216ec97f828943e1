import { serverClock } from "../demo-job/this-tab.ts";
import { useReadiness } from "./use-readiness.ts";

/** When the server told last that the jobs' store is well, by the server's clock; undefined while it does not. */
export function useStoreWellAtMs(): number | undefined {
  const { data, isError, dataUpdatedAt } = useReadiness();
  const isWell = data?.checks.some(({ name, level }) => name === "job_queue_store" && level === "ok");
  return isWell && !isError ? serverClock.nowMs() - (Date.now() - dataUpdatedAt) : undefined;
}
