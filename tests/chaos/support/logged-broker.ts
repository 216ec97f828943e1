import type { Broker, Clock } from "hikyaku";
import type { ClaimedTask, Settlement } from "hikyaku/broker";
import { redisBroker } from "hikyaku/redis";
import { sqliteBroker } from "hikyaku/sqlite";
import { openJournal } from "./journal.ts";

export interface LoggedBrokerOptions {
  readonly address: string;
  readonly journal: string;
  readonly by: string;
}

/** The store at an address, as a worker or a client opens it. */
export function openStore(address: string, clock?: Clock): Broker {
  const options = clock === undefined ? {} : { clock };
  return address.startsWith("redis:")
    ? redisBroker({ url: address, ...options })
    : sqliteBroker({ path: address, ...options });
}

/** A broker that writes down every lease that it is given, keeps, loses or gives up. */
export function loggedBroker(options: LoggedBrokerOptions, clock?: Clock): Broker {
  const write = openJournal(options.journal, options.by);
  const broker = openStore(options.address, clock);
  const leased = ({ message: { id }, lease: { token }, leaseEndsAt: until }: ClaimedTask): void =>
    write({ e: "lease", id, token, until });
  const settling = ({ task, outcome }: Settlement): void => {
    const { taskId: id, token, queue } = task.lease;
    const counted = outcome.kind !== "handed_back" && (outcome.kind !== "retry" || outcome.counted);
    write({ e: "settling", id, token, queue, kind: outcome.kind, counted });
  };
  const logged: Partial<Broker> = {
    async claim(...args) {
      const answer = await broker.claim(...args);
      for (const task of answer.tasks) leased(task);
      return answer;
    },
    async settle(settlements, ...others) {
      for (const settlement of settlements) settling(settlement);
      const answer = await broker.settle(settlements, ...others);
      for (const [index, { task }] of settlements.entries()) {
        const { taskId: id, token } = task.lease;
        write({ e: "settled", id, token, result: answer.results[index] ?? "none" });
      }
      for (const task of answer.claimed?.tasks ?? []) leased(task);
      return answer;
    },
    async extend(leases, until, ...others) {
      const answers = await broker.extend(leases, until, ...others);
      for (const [index, { taskId: id, token }] of leases.entries()) {
        if (answers[index] === "held") write({ e: "extended", id, token, until });
        else write({ e: "gone", id, token });
      }
      return answers;
    },
    async takeOver(...args) {
      const answer = await broker.takeOver(...args);
      for (const { task } of answer.tasks) leased(task);
      return answer;
    },
    async takeBack(...args) {
      const answer = await broker.takeBack(...args);
      for (const { task } of answer.tasks) leased(task);
      return answer;
    },
  };
  return new Proxy(broker, {
    get(target, name) {
      const own: unknown = Reflect.get(logged, name);
      if (own !== undefined) return own;
      if (name === "recipe" && target.recipe.kind === "module") {
        // The thread that keeps the leases writes them down too.
        const recipe: Broker["recipe"] = {
          kind: "module",
          module: import.meta.url,
          make: "loggedBroker",
          options: () => options,
        };
        return recipe;
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
