import type { PresenceFacet, ServerRecord, SilentServer } from "../../broker/presence-facet.ts";
import { askedOnce } from "../../runtime/asked-once.ts";
import type { Logger } from "../../runtime/logger.ts";
import type { Role } from "../../runtime/periodic.ts";
import { isGone, type ServerWarning, serverWarnings } from "../../server-warnings.ts";

/** How often it is to run among few servers. */
export const peersMs = 30_000;
const call = { timeoutMs: 3_000 };
/**
 * Each look reads the records of all servers. A thousand servers that look twice a minute would read two million
 * records a minute. With more servers than this, each one looks less often, so the reads grow only as fast as the
 * number of servers.
 */
const manyServers = 8;
const mostRemembered = 1_000;

/**
 * Looks for other servers on the same queues. A newcomer may be there to scale out, or it may be a forgotten process of
 * an older build. So each newcomer is named once, and so is each thing that is wrong with one. Servers that look at the
 * same moment share one look.
 */
export class Peers implements Role {
  readonly name = "looking for other servers";
  readonly isInStep = true;
  readonly #broker: Pick<PresenceFacet, "servers" | "silentServers">;
  readonly #serverId: string;
  readonly #self: () => ServerRecord;
  readonly #queues: ReadonlySet<string>;
  readonly #logger: Logger;
  readonly #seen = new Map<string, ServerRecord>();
  readonly #onGone: (server: ServerRecord) => void;
  /** Warnings that were given and still hold. */
  #warned: ReadonlySet<string> = new Set();
  #peers: readonly ServerRecord[] = [];
  #silent: readonly SilentServer[] = [];
  #looks = 0;

  /**
   * `self` gives the record of the server that looks, which may not be announced yet. `onGone` is called for a server
   * on this machine whose process is surely gone.
   */
  constructor(
    broker: Pick<PresenceFacet, "servers" | "silentServers">,
    serverId: string,
    queues: Iterable<string>,
    logger: Logger,
    onGone: (server: ServerRecord) => void,
    self: () => ServerRecord,
  ) {
    this.#broker = broker;
    this.#onGone = onGone;
    this.#serverId = serverId;
    this.#self = self;
    this.#queues = new Set(queues);
    this.#logger = logger;
  }

  /** The servers that were there at the last look. */
  get all(): readonly ServerRecord[] {
    return this.#peers;
  }

  /** A server that was seen at some look, even if it is gone since. The latest thousand are remembered. */
  find(serverId: string): ServerRecord | undefined {
    return this.#seen.get(serverId);
  }

  async runOnce(signal?: AbortSignal): Promise<number | undefined> {
    const { servers } = await askedOnce(this.#broker, "servers", signal, () => this.#broker.servers(call));
    const known = new Set(this.#peers.map(({ serverId }) => serverId));
    const others = servers.filter((server) => this.#isPeer(server));
    const gone = new Set(others.filter(isGone));
    for (const server of gone) {
      this.#remember(server);
      this.#onGone(server);
    }
    const peers = others.filter((server) => !gone.has(server));
    await this.#lookForSilent(peers, signal);
    this.#peers = peers;
    for (const peer of peers) {
      this.#remember(peer);
      if (!known.has(peer.serverId)) this.#warnOfNewcomer(peer);
    }
    this.#warnOnce(serverWarnings([this.#self(), ...peers], this.#silent));
    return this.#pauseAmong(servers.length);
  }

  /** Undefined: the usual period. A server's id varies its pause, since servers are often started together. */
  #pauseAmong(servers: number): number | undefined {
    if (servers <= manyServers) return undefined;
    const spread = 0.9 + (Number.parseInt(this.#serverId.slice(0, 8), 16) / 2 ** 32) * 0.2;
    return peersMs * (servers / manyServers) * spread;
  }

  #isPeer({ serverId, queues }: ServerRecord): boolean {
    return serverId !== this.#serverId && Object.keys(queues).some((queue) => this.#queues.has(queue));
  }

  /** Asks only when there may be silent servers: at the first look, and while a known one is missing or was silent. */
  async #lookForSilent(peers: readonly ServerRecord[], signal: AbortSignal | undefined): Promise<void> {
    const there = new Set(peers.map(({ serverId }) => serverId));
    const isMissing = this.#peers.some(({ serverId }) => !there.has(serverId));
    if (this.#looks > 0 && !isMissing && this.#silent.length === 0) return;
    const broker = this.#broker;
    const silent = await askedOnce(broker, "silent servers", signal, () => broker.silentServers(call));
    this.#silent = silent.filter(
      ({ server }) => this.#isPeer(server) && !there.has(server.serverId) && !isGone(server),
    );
    this.#looks++;
  }

  #remember(peer: ServerRecord): void {
    this.#seen.delete(peer.serverId);
    this.#seen.set(peer.serverId, peer);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > mostRemembered && oldest !== undefined) this.#seen.delete(oldest);
  }

  #warnOfNewcomer(peer: ServerRecord): void {
    this.#logger.warn("another server works on the same queues", {
      serverId: peer.serverId,
      serverHost: peer.host,
      serverPid: peer.pid,
      queues: Object.keys(peer.queues),
      startedAt: new Date(peer.startedAt).toISOString(),
      directory: peer.details?.directory ?? "not told",
      commandLine: peer.details?.commandLine ?? "not told",
      version: peer.details?.version ?? "not told",
      build: peer.details?.build ?? "not told",
    });
  }

  /**
   * Warns of each thing once, and again when it went away and came back. A newcomer of another library was already
   * named.
   */
  #warnOnce(warnings: readonly ServerWarning[]): void {
    const worthIt = warnings.filter(({ kind, serverId }) => kind !== "foreign" && !this.#isOwnAffair(kind, serverId));
    for (const { kind, serverId, detail } of worthIt) {
      if (!this.#warned.has(`${kind} ${serverId}`)) {
        this.#logger.warn("a server on the same queues should be looked at", { serverId, warning: kind, detail });
      }
    }
    this.#warned = new Set(worthIt.map(({ kind, serverId }) => `${kind} ${serverId}`));
  }

  /** `ClockWatch` and `LoopWatch` warn of this server's own clock and event loop. */
  #isOwnAffair(kind: ServerWarning["kind"], serverId: string): boolean {
    return serverId === this.#serverId && (kind === "clock_offset" || kind === "blocked");
  }
}
