import type { PresenceFacet, ServerRecord } from "../broker/presence-facet.ts";
import type { Logger } from "./logger.ts";
import type { Role } from "./periodic.ts";
import { isSurelyGone } from "./process-identity.ts";

const callTimeoutMs = 3_000;
const mostRemembered = 1_000;

/**
 * Looks for other servers on the same queues. That is how one scales out, but also what a forgotten process of an older
 * build looks like, so each newcomer is named once.
 */
export class Peers implements Role {
  readonly name = "looking for other servers";
  readonly #broker: Pick<PresenceFacet, "servers">;
  readonly #serverId: string;
  readonly #queues: ReadonlySet<string>;
  readonly #logger: Logger;
  readonly #seen = new Map<string, ServerRecord>();
  readonly #onGone: (server: ServerRecord) => void;
  #peers: readonly ServerRecord[] = [];

  /** `onGone` is called for a server whose process was on this machine and is gone for sure. */
  constructor(
    broker: Pick<PresenceFacet, "servers">,
    serverId: string,
    queues: Iterable<string>,
    logger: Logger,
    onGone: (server: ServerRecord) => void,
  ) {
    this.#broker = broker;
    this.#onGone = onGone;
    this.#serverId = serverId;
    this.#queues = new Set(queues);
    this.#logger = logger;
  }

  /** The servers that were there at the last look. */
  get all(): readonly ServerRecord[] {
    return this.#peers;
  }

  /** A server that was seen at some look, also when it is gone since; the latest thousand are remembered. */
  find(serverId: string): ServerRecord | undefined {
    return this.#seen.get(serverId);
  }

  async runOnce(signal?: AbortSignal): Promise<undefined> {
    const call = { timeoutMs: callTimeoutMs, ...(signal !== undefined && { signal }) };
    const { servers } = await this.#broker.servers(call);
    const known = new Set(this.#peers.map(({ serverId }) => serverId));
    const others = servers.filter(
      ({ serverId, queues }) =>
        serverId !== this.#serverId && Object.keys(queues).some((queue) => this.#queues.has(queue)),
    );
    const gone = new Set(others.filter(isGone));
    for (const server of gone) {
      this.#remember(server);
      this.#onGone(server);
    }
    this.#peers = others.filter((server) => !gone.has(server));
    for (const peer of this.#peers) {
      this.#remember(peer);
      if (!known.has(peer.serverId)) this.#warn(peer);
    }
  }

  #remember(peer: ServerRecord): void {
    this.#seen.delete(peer.serverId);
    this.#seen.set(peer.serverId, peer);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > mostRemembered && oldest !== undefined) this.#seen.delete(oldest);
  }

  #warn(peer: ServerRecord): void {
    this.#logger.warn("another server works on the same queues", {
      serverId: peer.serverId,
      host: peer.host,
      pid: peer.pid,
      queues: Object.keys(peer.queues),
      startedAt: new Date(peer.startedAt).toISOString(),
      directory: peer.details?.directory ?? "not told",
      commandLine: peer.details?.commandLine ?? "not told",
      version: peer.details?.version ?? "not told",
    });
  }
}

function isGone({ pid, details }: ServerRecord): boolean {
  return details?.processIdentity !== undefined && isSurelyGone(pid, details.processIdentity);
}
