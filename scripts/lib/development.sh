# shellcheck shell=bash disable=SC2034 # the variables set here are used by the scripts that source this file
# Shared by the scripts for development that start Redis and Redis Insight. Sourced, never run.
# Sets root and redis_compose_file, and after read_settings also redis_host, redis_port, redis_place (loopback or remote),
# redis_address, redis_db, redis_username, redis_password and redis_tls (tls or plain).

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
redis_compose_file="$root/docker-compose.redis.yml"
program=$(basename "$0")

# Settings and whoever answers may bring anything: a terminal must not obey it.
say() { printf '%s: %s\n' "$program" "${*//[[:cntrl:]]/?}"; }
complain() { say "$@" >&2; }

# fail EXIT_CODE LINE...: each further line on a line of its own.
fail() {
  local code=$1
  shift
  local line
  for line in "$@"; do complain "$line"; done
  exit "$code"
}

# Installs the project's packages where they are missing, its own Node.js among them, as every npm command does.
install_packages() {
  local node="$root/node_modules/.bin/node"
  [[ -x $node ]] || node=$(command -v node) ||
    fail 69 "Node.js is not installed, and the settings are read with it; install version 20 or newer (https://nodejs.org)"
  "$node" "$root/scripts/house/prepare.mjs" || exit 69
}

# Runs the helper on the Node.js that the project itself brings.
jobqueue_redis() {
  "$root/node_modules/.bin/node" --conditions=source "$root/scripts/lib/jobqueue-redis.ts" "$@"
}

# Reads the address of the job queue's Redis as the servers do: config/{APP_ENV}/cacheserver.yaml, then the environment.
read_settings() {
  install_packages
  local settings
  settings=$(jobqueue_redis settings) || exit $?
  {
    read -r redis_host
    read -r redis_port
    read -r redis_place
    read -r redis_db
    IFS= read -r redis_username
    IFS= read -r redis_password
    read -r redis_tls
  } <<<"$settings"
  redis_address="$redis_host:$redis_port"
  if [[ $redis_host == *:* ]]; then redis_address="[$redis_host]:$redis_port"; fi
}

# probe [SECONDS]: what answers at the configured address; sets probe_answer, probe_pid, probe_version, probe_config,
# probe_keys and probe_refusal.
probe() {
  local answer
  answer=$(jobqueue_redis probe "$redis_host" "$redis_port" "$redis_db" "$@")
  {
    read -r probe_pid
    read -r probe_version
    IFS= read -r probe_config
    read -r probe_keys
    IFS= read -r probe_refusal
    read -r probe_answer
  } <<<"$answer"
}

# True when a Docker engine answers and Compose is there to talk to it.
has_docker() {
  command -v docker >/dev/null && within 15 docker info && within 15 docker compose version
}

# within SECONDS COMMAND...: runs it without output; ends it, and fails, when it takes longer.
within() {
  local tenths=$(($1 * 10)) pid
  shift
  "$@" >/dev/null 2>&1 &
  pid=$!
  while kill -0 "$pid" 2>/dev/null; do
    if ((tenths-- <= 0)); then
      kill "$pid" 2>/dev/null || true
      break
    fi
    sleep 0.1
  done
  wait "$pid" 2>/dev/null
}

# Whether the container is paused: it keeps its ports and answers nobody.
is_paused() {
  [[ $(docker inspect --format '{{.State.Paused}}' "$1") == true ]]
}

# The container of docker-compose.redis.yml, or nothing while it neither runs nor is paused.
redis_container() {
  docker compose -f "$redis_compose_file" ps --quiet --status running --status paused redis 2>/dev/null || true
}
