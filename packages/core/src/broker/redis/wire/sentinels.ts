import { errorText } from "../../../errors.ts";
import { sleep, systemClock } from "../../../runtime/clock.ts";
import { Connection } from "./connection.ts";
import type { RedisRefusal, Reply } from "./link.ts";
import { type Place, shownPlace, type Target } from "./place.ts";
import { list, text } from "./reply.ts";
import { fixedRoute, isReadOnly, type Route } from "./route.ts";

/** How long the other sentinels have to answer, after the first answer. */
const othersMs = 250;

interface Word {
  readonly place: Place;
  /** The number of the fail-over that the answer comes from. A higher one is newer. */
  readonly epoch: number;
}

/**
 * The sentinels of one master. Asks all of them where the master is, and believes the one that knows of the latest
 * fail-over. Each of them also tells of a new master. All connections to the master share its connections.
 */
export class Sentinels implements Route {
  readonly onlyMaster = true;
  readonly location: string;
  readonly #masterName: string;
  readonly #connections: readonly Connection[];
  readonly #onMaster: (place: Place) => void;
  #asking: Promise<Place> | undefined;
  #opened = false;

  /** `onMaster` is called with the master's place each time that the sentinels were asked. */
  constructor(target: Target & { readonly kind: "sentinel" }, onMaster: (place: Place) => void) {
    const { places, masterName, settings, sentinelSettings } = target;
    const scheme = settings.tls === undefined ? "redis" : "rediss";
    this.location = `${scheme}+sentinel://${places.map(shownPlace).join(",")}/${masterName}/${settings.db}`;
    this.#masterName = masterName;
    this.#onMaster = onMaster;
    this.#connections = places.map(
      (place) => new Connection(sentinelSettings, "listening", fixedRoute(place, `${shownPlace(place)}, a sentinel`)),
    );
  }

  locate(): Promise<Place> {
    this.#open();
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  refused(refusal: RedisRefusal): boolean {
    return isReadOnly(refusal) || refusal.word === "MASTERDOWN";
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  #open(): void {
    if (this.#opened) return;
    this.#opened = true;
    for (const connection of this.#connections) {
      // The first message comes when a replica was promoted, the second when the sentinels have agreed on it.
      connection.subscribe("+promoted-slave", (message) => this.#heard(message));
      connection.subscribe("+switch-master", (message) => this.#heard(message));
      // Messages that came while nobody listened have to be asked for.
      connection.onReachability(({ reachable }) => {
        if (reachable) void this.locate().catch(() => undefined);
      });
    }
  }

  #heard(message: Buffer): void {
    if (message.toString().split(" ").includes(this.#masterName)) void this.locate().catch(() => undefined);
  }

  async #ask(): Promise<Place> {
    const words: Word[] = [];
    const failures: string[] = [];
    const first = Promise.withResolvers<void>();
    const all = Promise.all(
      this.#connections.map(async (connection) => {
        try {
          words.push(await this.#wordOf(connection));
          first.resolve();
        } catch (error) {
          failures.push(errorText(error));
        }
      }),
    );
    await Promise.race([all, first.promise]);
    if (words.length < this.#connections.length) {
      const patience = new AbortController();
      await Promise.race([all, sleep(systemClock, othersMs, patience.signal)]);
      patience.abort();
    }
    const newest = words.reduce<Word | undefined>(
      (best, word) => (best === undefined || word.epoch > best.epoch ? word : best),
      undefined,
    );
    if (newest === undefined) {
      throw new Error(`no sentinel says where the master "${this.#masterName}" is: ${failures.join("; ")}`);
    }
    this.#onMaster(newest.place);
    return newest.place;
  }

  async #wordOf(connection: Connection): Promise<Word> {
    const [address, record] = await Promise.all([
      connection.call(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.#masterName]),
      connection.call(["SENTINEL", "MASTER", this.#masterName]),
    ]);
    const [host, port] = list(address).map(text);
    if (host === undefined || port === undefined) {
      throw new Error(`${connection.location} knows no master of the name "${this.#masterName}"`);
    }
    const fields = fieldsOf(record);
    // The sentinel that leads a fail-over names the promoted replica before its record does.
    const isAhead = fields.get("ip") !== host || fields.get("port") !== port;
    return { place: { host, port: Number(port) }, epoch: Number(fields.get("config-epoch")) + (isAhead ? 0.5 : 0) };
  }
}

function fieldsOf(record: Reply): Map<string, string> {
  const namesAndValues = list(record);
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < namesAndValues.length; index += 2) {
    fields.set(String(namesAndValues[index]), String(namesAndValues[index + 1]));
  }
  return fields;
}
