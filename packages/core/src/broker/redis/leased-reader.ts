import { decodeTaskMessage } from "../../codec/task-codec.ts";
import { errorText } from "../../errors.ts";
import { shown } from "../../option-names.ts";
import type { TaskMessage } from "../task-message.ts";
import type { ClaimedTask } from "../work-facet.ts";
import { withBeside } from "./beside-message.ts";
import type { Reply } from "./wire/link.ts";
import { isText, momentOfNanoseconds, text } from "./wire/reply.ts";

/** A task whose bytes are not a message of this task. */
export interface Unreadable {
  /** As bytes: an id need not be text. */
  readonly id: Buffer;
  readonly detail: string;
}

/** Turns the answers of scripts into claimed tasks, and collects what can't be read. */
export class LeasedReader {
  readonly unreadable: Unreadable[] = [];
  readonly #queue: string;
  readonly #token: string;
  readonly #leaseEndsAt: number;

  constructor(queue: string, token: string, leaseEndsAt: number) {
    this.#queue = queue;
    this.#token = token;
    this.#leaseEndsAt = leaseEndsAt;
  }

  read(
    id: Reply | undefined,
    bytes: Reply | undefined,
    exact: Reply | undefined,
    pendingSince: Reply | undefined,
    lost: Reply | undefined,
  ): ClaimedTask | undefined {
    if (!Buffer.isBuffer(id) || !Buffer.isBuffer(bytes)) return undefined;
    let message: TaskMessage;
    try {
      message = withBeside(decodeTaskMessage(bytes), text(exact));
    } catch (error) {
      this.unreadable.push({ id, detail: errorText(error) });
      return undefined;
    }
    if (!isText(id, message.id) || message.queue !== this.#queue) {
      this.unreadable.push({
        id,
        detail: `the message names task ${shown(message.id)} of queue ${shown(message.queue)}`,
      });
      return undefined;
    }
    return {
      message,
      lease: { queue: this.#queue, taskId: message.id, token: this.#token },
      leaseEndsAt: this.#leaseEndsAt,
      pendingSince: momentOfNanoseconds(pendingSince),
      lostAttempts: countOf(lost),
    };
  }
}

/** The stored value may be anything. It counts as 0 when it is no count. */
export function countOf(reply: Reply | undefined): number {
  if (reply === null) return 0;
  const count = Number(text(reply) ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}
