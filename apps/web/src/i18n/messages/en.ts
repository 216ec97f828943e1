const whole = new Intl.NumberFormat("en");

/** Every text of the pages in English. Its shape is what each other language must fill. */
export const en = {
  product: {
    meaning: "couriers who carried messages in relays",
    headline: "Hand it over now. It runs when its time has come.",
    sentence:
      "Hikyaku is a task queue for TypeScript. It runs with nothing installed, on an embedded file, or on a Redis that it shares with Asynq programs written in Go.",
  },
  navigation: {
    label: "Pages",
    home: "Home",
    registerJob: "Register a job",
    apiDocs: "API docs",
    skipToContent: "Skip to content",
    language: "Language",
  },
  home: {
    title: "Home",
    registerJob: "Register a job",
    apiDocs: "Read the API docs",
    relayTitle: "How a job travels",
    relay: [
      { name: "Registered", text: "You leave a message and a delay. The queue stores both before it answers." },
      { name: "Waiting", text: "The job stays in the store. It is still there after a restart." },
      { name: "Printed", text: "A worker takes the job and prints your message on its standard output." },
    ],
  },
  readiness: {
    title: "Server status",
    loading: "Asking the server…",
    ready: "Ready",
    warning: "Ready, but look at the warnings",
    notReady: "Not ready",
    noAnswer: "No answer from the API server. This page asks again every 10 seconds.",
    checks: {
      job_queue_store: "job queue's store",
      rate_limit_store: "rate limit's store",
      workers: "workers",
      worker_server: "worker server",
      worker_processes: "worker processes",
    },
    level: { ok: "ok", warning: "warning", error: "error" },
  },
  job: {
    title: "Register a job",
    intro: "The worker prints your message when the delay is over. Leave a field empty to use its default.",
    fields: {
      message: {
        label: "Message",
        help: (fallback: string) => `One line. Default: “${fallback}”.`,
      },
      delay_seconds: {
        label: "Delay (seconds)",
        help: (fallback: number) => `How long to wait before it runs. Empty or 0 means ${whole.format(fallback)}.`,
      },
      max_retry: {
        label: "Retries",
        help: (fallback: number) =>
          `How often to try again after a failure. Empty or 0 means ${whole.format(fallback)}.`,
      },
    },
    faults: {
      notOneLine: "Use one line, without line breaks, tabs or control characters.",
      tooLong: (largest: number) => `Use at most ${whole.format(largest)} characters.`,
      notInRange: (largest: number) => `Enter a whole number from 0 to ${whole.format(largest)}.`,
      refused: (message: string) => `The server says: ${message}`,
    },
    submit: "Register job",
    submitting: "Registering…",
  },
  result: {
    registered: "Job registered",
    jobId: "Job ID",
    runs: "Runs",
    runsAt: (time: string, distance: string) => `${time} (${distance})`,
    invalid: "Nothing was registered",
    invalidHere: "Please correct the marked fields.",
    invalidThere: "The server did not accept these values.",
    rateLimited: "Too many requests",
    rateLimitedUntil: (distance: string, time: string) =>
      `Nothing was registered. You can try again ${distance}, at ${time}.`,
    rateLimitedUnknown: "Nothing was registered. The server did not say when to try again; wait a minute.",
    unavailable: "The queue store is not reachable",
    unavailableText: "Nothing was registered. The server keeps trying to connect; try again in a moment.",
    unreachable: "The API server is not reachable",
    unreachableText:
      "Check your connection and that the server runs, then try again. If the connection broke after sending, the job may be registered all the same.",
    offline: "You are offline",
    offlineText: "Nothing was registered. Try again when you are connected.",
    timedOut: (seconds: number) => `No answer within ${whole.format(seconds)} seconds`,
    timedOutText: "It is not known whether the job was registered. Look at the worker’s output before you try again.",
    unexpected: "An answer that this page does not understand",
    unexpectedText: (status: number) =>
      `The server answered with HTTP status ${status}. It is not known whether the job was registered.`,
    serverSays: "The server says",
  },
  sessionJobs: {
    title: "Registered in this tab",
    empty: "No jobs yet. What you register appears here.",
    note: (kept: number) => `The newest ${whole.format(kept)} at most. Closing the tab clears this list, not the jobs.`,
    waiting: (distance: string) => `runs ${distance}`,
    due: "time has come",
    retries: (count: number) => (count === 1 ? "1 retry" : `${whole.format(count)} retries`),
  },
  copy: {
    label: (what: string) => `Copy ${what}`,
    text: "Copy",
    done: "Copied",
    failed: "Select and copy by hand",
  },
  notFound: {
    title: "Page not found",
    text: "No courier knows this address.",
    home: "Go to the home page",
  },
  broken: {
    title: "This page broke",
    text: "The page met an error of its own. Nothing was sent because of it.",
    retry: "Try again",
  },
};

/** The shape of a language's texts: a missing or misspelled one does not compile. */
export type Messages = typeof en;
