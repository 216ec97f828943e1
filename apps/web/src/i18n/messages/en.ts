import { enJobs } from "./en-jobs.ts";
import { enReadiness } from "./en-readiness.ts";

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
  readiness: enReadiness,
  job: {
    title: "Register a job",
    intro: "A worker prints your message on its stdout when the delay is over.",
    fields: {
      message: {
        label: "Message",
        help: (fallback: string) => `One line. Empty means “${fallback}”.`,
      },
      delay_seconds: {
        label: "Delay (seconds)",
        help: (fallback: number) => `Until it prints. Empty or 0 means ${whole.format(fallback)}.`,
      },
      max_retry: {
        label: "Retries",
        help: (fallback: number) =>
          `After the first attempt. Empty or 0 means ${whole.format(fallback)}, so ${whole.format(fallback + 1)} attempts.`,
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
    invalid: "Nothing was registered",
    invalidHere: "Please correct the marked fields.",
    invalidThere: "The server did not accept these values.",
    rateLimited: "Too many requests",
    rateLimitedUntil: (distance: string, time: string) =>
      `Nothing was registered by this press. You can try again ${distance}, at ${time}.`,
    rateLimitedUnknown:
      "Nothing was registered by this press. The server did not say when to try again; wait a minute.",
    refused: "Nothing was registered",
    refusedText: (status: number) => `The server refused the request, with HTTP status ${status}.`,
    serverSays: "The server says",
  },
  jobs: enJobs,
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
