import type { Readiness } from "@hikyaku/contract";
import { useQuery } from "@tanstack/react-query";
import { api } from "../api/client.ts";

const ASK_EVERY_MS = 10_000;

/** Whether the server can serve, and what should be looked at; live while the page can be seen. */
export function useReadiness() {
  return useQuery({
    queryKey: ["readiness"],
    queryFn: ({ signal }) => api.readiness(signal),
    refetchInterval: ASK_EVERY_MS,
  });
}

/** The answer for the notices of a page; `"none"` where the server gave none. */
export function useReadinessForNotices(): Readiness | "none" | undefined {
  const { data, isError } = useReadiness();
  return isError ? "none" : data;
}
