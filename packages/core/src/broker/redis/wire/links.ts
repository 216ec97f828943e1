import type { RedisOptions } from "../redis-options.ts";
import { ClusterLink } from "./cluster-link.ts";
import { ClusterTopology } from "./cluster-topology.ts";
import { Connection } from "./connection.ts";
import { keySlot } from "./key-slot.ts";
import type { Link, RedisRefusal } from "./link.ts";
import { type Place, shownPlace, type Target, targetOf } from "./place.ts";
import { fixedRoute, type Route } from "./route.ts";
import { Sentinels } from "./sentinels.ts";

/** Makes the connections of one broker. They share what is known of the servers' places. */
export interface Links {
  /** For calls. `holdMs` is how long one of them may hold up the others: by default it may not. */
  command(holdMs?: number): Link;
  /** For one call at a time, which may wait, on the server that holds the key. */
  blocking(key: string): Link;
  /** For subscriptions. */
  listening(): Connection;
  /** Closes what the connections share. The caller closes the connections that it asked for. */
  close(): void;
}

/** @throws HikyakuError `invalid_option`. */
export function openLinks(options: RedisOptions): Links {
  const target = targetOf(options);
  switch (target.kind) {
    case "server":
      return linksToServer(target);
    case "sentinel":
      return linksBySentinel(target);
    case "cluster":
      return linksToCluster(target);
  }
}

function linksToServer({ place, settings }: Target & { readonly kind: "server" }): Links {
  const scheme = settings.tls === undefined ? "redis" : "rediss";
  const route = fixedRoute(place, `${scheme}://${shownPlace(place)}/${settings.db}`);
  return {
    command: (holdMs = 0) => new Connection({ ...settings, holdMs }, "command", route),
    blocking: () => new Connection(settings, "blocking", route),
    listening: () => new Connection(settings, "listening", route),
    close: () => undefined,
  };
}

function linksBySentinel(target: Target & { readonly kind: "sentinel" }): Links {
  const connections = new Set<Connection>();
  const sentinels = new Sentinels(target, (place) => {
    for (const connection of connections) connection.goTo(place);
  });
  const made = (kind: "command" | "blocking" | "listening", holdMs = 0): Connection => {
    const connection = new Connection({ ...target.settings, holdMs }, kind, sentinels);
    forgetClosed(connections);
    connections.add(connection);
    return connection;
  };
  return {
    command: (holdMs) => made("command", holdMs),
    blocking: () => made("blocking"),
    listening: () => made("listening"),
    close: () => sentinels.close(),
  };
}

function linksToCluster({ places, settings }: Target & { readonly kind: "cluster" }): Links {
  const topology = new ClusterTopology(places, settings);
  const blocking = new Map<Connection, number>();
  topology.onChange(() => {
    for (const [connection, slot] of blocking) {
      const owner = topology.ownerOf(slot);
      if (owner !== undefined) connection.goTo(owner);
    }
  });
  return {
    command: (holdMs = 0) => new ClusterLink({ ...settings, holdMs }, topology),
    blocking: (key) => {
      const slot = keySlot(key);
      const connection = new Connection(settings, "blocking", routeToSlot(topology, slot));
      forgetClosed(blocking);
      blocking.set(connection, slot);
      return connection;
    },
    listening: () => new Connection(settings, "listening", routeToAnyNode(topology)),
    close: () => topology.close(),
  };
}

/** Callers close connections one by one while a broker lives; these are forgotten. */
function forgetClosed(connections: Set<Connection> | Map<Connection, unknown>): void {
  for (const connection of connections.keys()) if (connection.isClosed) connections.delete(connection);
}

function routeToSlot(topology: ClusterTopology, slot: number): Route {
  return {
    location: topology.location,
    onlyMaster: false,
    async locate(failures) {
      if (failures > 0 || topology.ownerOf(slot) === undefined) await topology.refresh();
      const owner = topology.ownerOf(slot);
      if (owner === undefined) throw new Error(`nobody holds slot ${slot}`);
      return owner;
    },
    refused(refusal: RedisRefusal, by: Place): boolean {
      const [, host, port] = /^MOVED \d+ (.*):(\d+)/.exec(refusal.message) ?? [];
      if (port !== undefined) topology.moved(slot, { host: host || by.host, port: Number(port) });
      return ["MOVED", "UNBLOCKED", "CLUSTERDOWN"].includes(refusal.word);
    },
  };
}

/** Any node will do: a message published on one node is heard on all. */
function routeToAnyNode(topology: ClusterTopology): Route {
  return {
    location: topology.location,
    onlyMaster: false,
    async locate() {
      if (topology.masters.length === 0) await topology.refresh();
      return topology.someNode();
    },
    refused: () => false,
  };
}
