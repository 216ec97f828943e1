import type { JournalLine } from "./journal.ts";

/** One attempt: a handler that began, under a lease. */
export interface Run {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly queue: string;
  readonly by: string;
  readonly attempt: number;
  readonly members: readonly string[];
  readonly startedAt: number;
  /** Undefined for one whose process died first. */
  endedAt: number | undefined;
  how: "ok" | "failed" | "aborted" | undefined;
  readonly hold: Hold;
}

/** One lease of one task, from its claim to whatever ended it. */
export interface Hold {
  readonly id: string;
  readonly token: string;
  readonly by: string;
  /** The last end of it that the store was told and confirmed, on the holder's clock. */
  until: number;
  /** The outcome that was sent. Undefined when none was. */
  outcome: string | undefined;
  counted: boolean;
  /** How often it was sent. */
  sent: number;
  queue: string;
  /** What the store answered, and when. Undefined when no answer came. */
  result: string | undefined;
  settledAt: number | undefined;
}

/** What a journal tells, put together. */
export interface Runs {
  readonly runs: readonly Run[];
  readonly holds: readonly Hold[];
  /** Server id of each process. */
  readonly servers: ReadonlyMap<string, string>;
  readonly oddities: readonly string[];
}

/** Reads a journal in its order, which is the order of what happened. */
export function runsOf(lines: readonly JournalLine[]): Runs {
  const runs: Run[] = [];
  const holds = new Map<string, Hold>();
  const latest = new Map<string, Hold>();
  const open = new Map<string, Run>();
  const servers = new Map<string, string>();
  const oddities: string[] = [];
  for (const line of lines) {
    switch (line.e) {
      case "up":
        servers.set(line.by, line.server);
        break;
      case "lease": {
        const { id, token, until, by } = line;
        const rest = {
          outcome: undefined,
          counted: false,
          sent: 0,
          queue: "",
          result: undefined,
          settledAt: undefined,
        };
        const hold: Hold = { id, token, by, until, ...rest };
        if (holds.has(`${token} ${id}`)) oddities.push(`the lease ${token} of ${id} was given twice`);
        holds.set(`${token} ${id}`, hold);
        latest.set(`${by} ${id}`, hold);
        break;
      }
      case "extended": {
        const hold = holds.get(`${line.token} ${line.id}`);
        if (hold !== undefined) hold.until = line.until;
        break;
      }
      case "settling": {
        const hold = holds.get(`${line.token} ${line.id}`);
        if (hold === undefined)
          oddities.push(`${line.by} settles ${line.id} under ${line.token}, which nobody gave it`);
        else {
          hold.sent++;
          Object.assign(hold, { outcome: line.kind, counted: line.counted, queue: line.queue });
        }
        break;
      }
      case "settled": {
        const hold = holds.get(`${line.token} ${line.id}`);
        if (hold !== undefined) Object.assign(hold, { result: line.result, settledAt: line.t });
        break;
      }
      case "start": {
        const { id, key, type, queue, by, attempt, members = [], t: startedAt } = line;
        const hold = latest.get(`${by} ${id}`);
        if (hold === undefined) {
          oddities.push(`${by} runs ${id} without a lease`);
          break;
        }
        const rest = { members, startedAt, endedAt: undefined, how: undefined };
        const run: Run = { id, key, type, queue, by, attempt, hold, ...rest };
        runs.push(run);
        open.set(`${by} ${id}`, run);
        break;
      }
      case "end": {
        const run = open.get(`${line.by} ${line.id}`);
        if (run !== undefined) Object.assign(run, { endedAt: line.t, how: line.how });
        break;
      }
    }
  }
  return { runs, holds: [...holds.values()], servers, oddities };
}
