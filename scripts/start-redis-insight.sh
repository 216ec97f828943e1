#!/usr/bin/env bash
# Starts, stops and shows Redis Insight, a page at http://127.0.0.1:8001 to look into the job queue's Redis, for
# development. It comes with its connection already made: to the Redis that config/{env}/cacheserver.yaml names.
# usage: scripts/start-redis-insight.sh {start|stop|status}
#
#   APP_ENV                           whose address to use: config/{APP_ENV}/cacheserver.yaml (default: local)
#   HIKYAKU__REDIS__JOBQUEUE__ADDR    another address, as for the servers themselves
#   RI_ACCEPT_TERMS_AND_CONDITIONS    "true" if you have accepted Redis Insight's licence terms; otherwise it asks once
# exit codes: 0 done or running, 1 failed, 3 not running (status), 64 bad usage, 69 something is not installed,
# 78 wrong settings
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/development.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/development.sh"

readonly page=http://127.0.0.1:8001
readonly network=redis-network

usage() {
  fail 64 "usage: scripts/start-redis-insight.sh {start|stop|status}"
}

compose() {
  docker compose -f "$root/docker-compose.redis-insight.yml" "$@"
}

insight_container() {
  compose ps --quiet --status running --status paused redis-insight 2>/dev/null || true
}

# Sets what docker-compose.redis-insight.yml hands on. Inside a container the address of the settings is not always the
# right one: "localhost" there is the container itself.
choose_connection() {
  export RI_REDIS_HOST=$redis_host RI_REDIS_PORT=$redis_port RI_REDIS_DB=$redis_db RI_REDIS_ALIAS="Hikyaku job queue ($redis_address)"
  if [[ $redis_place == loopback && -n $(redis_container) ]]; then
    # Redis is the container of scripts/start-redis.sh: over their common network, by its service name and own port.
    RI_REDIS_HOST=redis RI_REDIS_PORT=6379
  elif [[ $redis_place == loopback ]]; then
    RI_REDIS_HOST=host.docker.internal
    say "no container of scripts/start-redis.sh runs, so Redis Insight looks for $redis_address on this machine itself"
    say "on Linux a Redis that listens on loopback only can't be reached that way; 'scripts/start-redis.sh start' gives one that can"
  fi
  # An empty value would count as a user name, so they are set only where there is one.
  unset RI_REDIS_USERNAME RI_REDIS_PASSWORD RI_REDIS_TLS
  if [[ -n $redis_username ]]; then export RI_REDIS_USERNAME=$redis_username; fi
  if [[ -n $redis_password ]]; then export RI_REDIS_PASSWORD=$redis_password; fi
  if [[ $redis_tls == tls ]]; then export RI_REDIS_TLS=true; fi
}

# The network belongs to docker-compose.redis.yml. Where Redis was not started from there, it is made here, with the
# labels by which Compose knows it as that file's own.
ensure_network() {
  docker network inspect "$network" >/dev/null 2>&1 ||
    docker network create --label com.docker.compose.project=hikyaku-redis \
      --label com.docker.compose.network="$network" "$network" >/dev/null
}

wake_if_paused() {
  local container
  container=$(insight_container)
  if [[ -n $container ]] && is_paused "$container"; then compose unpause; fi
}

start() {
  choose_connection
  wake_if_paused
  ensure_network
  compose up --detach --wait --wait-timeout 60 ||
    fail 1 "Docker could not start Redis Insight; 'docker compose -f docker-compose.redis-insight.yml logs' may say why"
  say "Redis Insight is at $page, its connection goes to $RI_REDIS_HOST:$RI_REDIS_PORT"
}

stop() {
  if [[ -z $(insight_container) ]]; then
    say "not running, nothing to stop"
  else
    wake_if_paused
    compose down
    say "stopped; its settings stay in the volume redis-insight-data"
  fi
}

status() {
  local container
  container=$(insight_container)
  if [[ -z $container ]]; then
    say "not running"
    exit 3
  fi
  if is_paused "$container"; then
    say "container ${container:0:12} is paused; 'scripts/start-redis-insight.sh start' lets it go on"
    exit 3
  fi
  local environment host port
  environment=$(docker inspect --format '{{range .Config.Env}}{{println .}}{{end}}' "$container")
  host=$(sed -n 's/^RI_REDIS_HOST=//p' <<<"$environment")
  port=$(sed -n 's/^RI_REDIS_PORT=//p' <<<"$environment")
  say "running with Docker: container ${container:0:12}, $page, its connection goes to $host:$port"
}

(($# == 1)) || usage
case $1 in start | stop | status) ;; *) usage ;; esac
read_settings
if ! has_docker; then
  cli="redis-cli -h $redis_host -p $redis_port -n $redis_db"
  fail 69 "Redis Insight runs as a container, and no Docker engine with Compose answers here" \
    "install Docker (https://docs.docker.com/engine/install/), or look into $redis_address without it:" \
    "  all keys:              $cli --scan --pattern 'asynq:*'" \
    "  jobs that wait:        $cli zrange 'asynq:{default}:scheduled' 0 -1 withscores" \
    "  workers that are live: $cli --scan --pattern 'asynq:servers:*'" \
    "docs/Queue-Job.md says what each key holds"
fi
"$1"
