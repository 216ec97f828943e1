import { REGISTER_DEMO_JOB_PATH, type RegisterDemoJobRequest, resolveDemoJob } from "@hikyaku/contract";

/** The command that registers the same job from a POSIX shell, at a server. */
export function curlCommand(origin: string, request: RegisterDemoJobRequest): string {
  const { message, delaySeconds, maxRetry } = resolveDemoJob(request);
  const fields = Object.entries({ message, delay_seconds: delaySeconds, max_retry: maxRetry });
  const body = `{${fields.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`).join(",\n       ")}}`;
  return [
    "curl -X POST",
    quoted(origin + REGISTER_DEMO_JOB_PATH),
    "-H 'Content-Type: application/json'",
    `-d ${quoted(body)}`,
  ].join(" \\\n  ");
}

/** A text as one word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
