import * as z from "zod";
import { moment } from "./shapes/moment.ts";

/** Where several jobs and their queue can be asked about, with `GET`. Below it, by its id, one job. */
export const DEMO_JOBS_PATH = "/api/dm-jobqueue/jobs";

/** How many jobs one request may ask about. */
export const MOST_JOBS_ASKED = 50;

const jobWorker = z
  .object({
    server_id: z.string(),
    host: z.string(),
    pid: z.int(),
    directory: z.string().nullable().meta({ description: "Where its process was started." }),
    build: z.string().nullable().meta({ description: "Names the code that it runs, such as a commit." }),
    version: z.string().nullable().meta({ description: "Version of the library." }),
    started_at: moment.nullable().meta({ description: "When it was started; null once it is not heard of any more." }),
  })
  .meta({
    id: "JobWorker",
    title: "A worker of a job",
    description: "Which process. What a worker of another library, or an old one, does not tell is null.",
  });

const jobAttempt = z
  .object({
    number: z.int().min(1).meta({ description: "1 for the first attempt of all." }),
    outcome: z.enum(["completed", "retry", "archived", "handed_back", "lost"]).meta({
      description:
        "`completed`: printed. `retry`: failed, tried again. `archived`: failed for good. `handed_back`: its worker " +
        "stopped first. `lost`: its worker died or was cut off.",
    }),
    started_at: moment,
    ended_at: moment,
    error: z.string().nullable().meta({ description: "Why it failed. Null for who may not see details." }),
    worker: jobWorker.nullable().meta({ description: "Who ran it. Null for who may not see details." }),
  })
  .meta({ id: "JobAttempt", title: "An attempt", description: "One run of a job." });

const jobRun = z
  .object({
    started_at: moment.nullable().meta({ description: "Null until the worker has told." }),
    worker: jobWorker.nullable().meta({ description: "Null where it is unknown, and for who may not see details." }),
    lost: z.boolean().meta({ description: "Its lease is over or its worker is gone: another one will take the job." }),
    lease_ends_at: moment
      .nullable()
      .meta({ description: "Until when its worker may work on it unless it extends that." }),
  })
  .meta({ id: "JobRun", title: "The run under way", description: "Who runs a job now." });

/** Why a job does not run now. */
export const JOB_WAIT_REASONS = [
  "not_due",
  "backing_off",
  "queue_paused",
  "no_worker",
  "workers_quiet",
  "type_not_handled",
  "runs_apart",
  "workers_busy",
  "in_line",
] as const;

/** Why a job does not run now. */
export type JobWaitReason = (typeof JOB_WAIT_REASONS)[number];

const jobWait = z
  .object({
    reason: z.enum(JOB_WAIT_REASONS).meta({
      description:
        "`not_due`: its time has not come. `backing_off`: it failed, and its next attempt's time has not come. " +
        "`queue_paused`: somebody paused its queue. `no_worker`: no live worker takes from its queue. `workers_quiet`: " +
        "those there are take nothing new. `type_not_handled`: none of them handles such jobs. `runs_apart`: workers died while they ran " +
        "it, so it runs beside few others or alone, and waits for that; a worker may hold it already. `workers_busy`: all of " +
        "their places are taken. `in_line`: a worker will take it as soon as it comes to it.",
    }),
    since: moment.nullable().meta({ description: "Since when its time has come; null while it has not." }),
    until: moment.nullable().meta({ description: "When its time comes; null where it has come." }),
  })
  .meta({ id: "JobWait", title: "Why it waits", description: "Why a job does not run now." });

/** The answer `200` about one demo job. */
export const demoJobView = z
  .object({
    job_id: z.string(),
    message: z.string().nullable().meta({ description: "What is printed; null for a payload without a message." }),
    state: z.enum(["scheduled", "pending", "active", "retry", "completed", "archived"]).meta({
      description:
        "`scheduled`: waits for its time. `pending`: its time has come. `active`: a worker runs it. `retry`: failed, waits " +
        "to be tried again. `completed`: printed. `archived`: failed for good; runs again only if somebody says so.",
    }),
    registered_at: moment.nullable().meta({ description: "Null for jobs that another program enqueued." }),
    due_at: moment
      .nullable()
      .meta({ description: "When it was to run first. Null for jobs that another program enqueued." }),
    printed_at: moment.nullable().meta({ description: "When its line was printed; null until then." }),
    archived_at: moment.nullable(),
    kept_until: moment
      .nullable()
      .meta({ description: "Until when a printed job is kept, so that it can be asked about." }),
    max_retry: z.int().meta({ description: "How often it is tried again at most." }),
    retried: z.int().meta({ description: "How many of these retries are used up." }),
    waiting: jobWait.nullable().meta({ description: "Why it does not run now; null for one that runs or is over." }),
    running: jobRun
      .nullable()
      .meta({ description: "Who runs it; null unless it runs, and where it is held and `waiting` says why." }),
    attempts: z.array(jobAttempt).meta({
      description: "What has ended, oldest first: the newest 20. What workers of Asynq ran is not among them.",
    }),
    workers: z
      .int()
      .nullable()
      .meta({ description: "How many live workers would take it; null for a job that is over." }),
    details_shown: z.boolean().meta({
      description:
        "Whether hosts, process numbers, directories, builds and error texts are told: to whoever may read the " +
        "operations API. Otherwise they are null.",
    }),
    now: moment.meta({ description: "The server's clock at the answer, for counting down." }),
  })
  .meta({ id: "DemoJob", title: "A demo job", description: "What became of a demo job, and why." });

/** Longest id that is asked about, in characters. */
const MAX_ID_CHARACTERS = 200;

const tooMany = `expected at most ${MOST_JOBS_ASKED} ids of at most ${MAX_ID_CHARACTERS} characters, joined by commas`;

const AN_ID = `[^,]{1,${MAX_ID_CHARACTERS}}`;
const IDS_PATTERN = new RegExp(`^(${AN_ID}(,${AN_ID}){0,${MOST_JOBS_ASKED - 1}})?$`);

/** The path of one job. */
export const demoJobParams = z.object({
  job_id: z
    .string()
    .min(1)
    .max(MAX_ID_CHARACTERS)
    .meta({
      description: "The id of the job; a UUID in either letter case.",
      examples: ["0199e0a4-6b52-7c1e-9f57-2d8c4be0f3aa"],
    }),
});

/** The query of `GET /api/dm-jobqueue/jobs`. */
export const demoJobsQuery = z.strictObject({
  job_ids: z
    .string()
    .max(MOST_JOBS_ASKED * (MAX_ID_CHARACTERS + 1), tooMany)
    .regex(IDS_PATTERN, tooMany)
    .meta({
      description: `The ids of up to ${MOST_JOBS_ASKED} jobs, joined by commas. Missing or empty: only the queue is told of.`,
      examples: ["0199e0a4-6b52-7c1e-9f57-2d8c4be0f3aa"],
    })
    .default("")
    .transform((text) => [...new Set(text.split(",").filter((id) => id !== ""))]),
});

/** The answer `200` about several jobs. */
export const demoJobsView = z
  .object({
    jobs: z.array(demoJobView).meta({ description: "Those that are stored, in the order of the ids." }),
    missing: z.array(z.string()).meta({
      description:
        "The ids of which nothing is stored: never registered, deleted, or printed longer ago than they are kept.",
    }),
    queue: z
      .object({
        paused: z.boolean(),
        workers: z.int().meta({ description: "How many live workers take such jobs from it." }),
      })
      .meta({
        id: "DemoJobQueue",
        title: "The queue of the demo jobs",
        description: "Whether a new job would be run.",
      }),
    now: moment.meta({ description: "The server's clock at the answer, for counting down." }),
  })
  .meta({ id: "DemoJobs", title: "Demo jobs", description: "What became of several demo jobs." });

/** The answer of `GET /api/dm-jobqueue/jobs`. */
export type DemoJobsView = z.infer<typeof demoJobsView>;

/** The state of a demo job, as `GET /api/dm-jobqueue/jobs/{job_id}` tells it. */
export type DemoJobView = z.infer<typeof demoJobView>;

/** One ended run of a demo job. */
export type DemoJobAttempt = DemoJobView["attempts"][number];

/** The process that ran a demo job. */
export type DemoJobWorker = NonNullable<DemoJobAttempt["worker"]>;
