#!/usr/bin/env bash
# Starts, stops and shows the job queue's Redis on this machine, for development: as a container where a Docker
# engine runs, otherwise as a local redis-server with the same settings over the same folder, redis/data/jobqueue.
# usage: scripts/start-redis.sh {start|stop|status}
#
#   APP_ENV                             whose address to use: config/{APP_ENV}/cacheserver.yaml (default: local)
#   HIKYAKU__REDIS__JOBQUEUE__ADDR      another address, as for the servers themselves
#   HIKYAKU_REDIS_DATA_DIR              another folder for the data; then always a local redis-server, never a container
# exit codes: 0 done or running, 1 refused or failed, 3 not running or frozen (status), 64 bad usage, 69 something is
# not installed, 78 wrong settings
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib/development.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/development.sh"

readonly start_deadline_seconds=60
readonly stop_deadline_seconds=30

usage() {
  fail 64 "usage: scripts/start-redis.sh {start|stop|status}"
}

# Sets data_dir, as its real path once it exists, and the two files that the local redis-server keeps in it.
find_data_dir() {
  data_dir=${HIKYAKU_REDIS_DATA_DIR:-$root/redis/data/jobqueue}
  if [[ -d $data_dir ]]; then data_dir=$(cd "$data_dir" && pwd -P); fi
  pid_file=$data_dir/redis-server.pid
  log_file=$data_dir/redis-server.log
}

# --- the local redis-server -------------------------------------------------------------------------------------

# The process id of the redis-server that this script started over the data folder, or nothing. A pid file alone is
# no proof, since another program may have that id by now: the process has to be a redis-server working in that folder.
local_pid() {
  local pid
  [[ -r $pid_file ]] || return 0
  pid=$(tr -cd '0-9' <"$pid_file")
  if [[ -n $pid && $(command_line "$pid") == *redis-server* && $(working_folder "$pid") -ef $data_dir ]]; then
    echo "$pid"
  fi
}

command_line() {
  if [[ -d /proc/self ]]; then
    { tr '\0' ' ' <"/proc/$1/cmdline"; } 2>/dev/null || true
  else
    ps -p "$1" -o args= 2>/dev/null || true
  fi
}

working_folder() {
  if [[ -d /proc/self ]]; then
    readlink "/proc/$1/cwd" 2>/dev/null || true
  else
    lsof -a -p "$1" -d cwd -Fn 2>/dev/null | sed -n 's/^n//p' || true
  fi
}

# Whether a signal stopped the process (SIGSTOP, Ctrl+Z): it keeps its port and answers nobody.
is_stopped() {
  local state
  if [[ -d /proc/self ]]; then
    state=$(sed -n 's/^State:[^A-Za-z]*//p' "/proc/$1/status" 2>/dev/null) || true
  else
    state=$(ps -p "$1" -o stat= 2>/dev/null) || true
  fi
  [[ $state == T* ]]
}

# The port in redis-server's process title, such as "redis-server 127.0.0.1:6379".
local_port() {
  command_line "$1" | sed -n 's/.*redis-server [^ ]*:\([0-9][0-9]*\).*/\1/p'
}

start_local() {
  if ! command -v redis-server >/dev/null; then
    complain "no Docker engine answers and redis-server is not installed; install one of them"
    if [[ $OSTYPE == darwin* ]]; then
      fail 69 "with Homebrew: 'brew install redis'; there is no need for 'brew services start redis'"
    fi
    fail 69 "Debian's package is redis-server: 'sudo apt-get install redis-server'" \
      "(it also starts a server of its own on port 6379; 'sudo systemctl disable --now redis-server' ends that one)"
  fi
  local version
  version=$(redis-server --version | sed -n 's/.* v=\([0-9]*\).*/\1/p')
  ((${version:-0} >= 7)) || fail 69 "redis-server: expected version 7 or newer, got $(redis-server --version)"

  local bind=("$redis_host")
  # Programs may look for localhost on either protocol; the dash lets a machine without IPv6 do without.
  if [[ $redis_host == localhost ]]; then bind=(127.0.0.1 -::1); fi
  # The settings of docker-compose.redis.yml, which says why they are so.
  redis-server --port "$redis_port" --bind "${bind[@]}" --dir "$data_dir" \
    --appendonly yes --appendfsync everysec --save '' \
    --maxmemory-policy noeviction --hash-max-listpack-value 2048 \
    --daemonize yes --pidfile "$pid_file" --logfile "$log_file" >/dev/null ||
    fail 1 "redis-server did not start; its last words are in $log_file"

  local second pid
  for ((second = 0; second < start_deadline_seconds; second++)); do
    probe 1
    pid=$(local_pid)
    [[ $probe_answer == nothing || $probe_answer == loading ]] || break
    # It may end itself after it went to the background, over data that it can't read. Then there is nothing to wait for.
    if ((second >= 3)) && [[ -z $pid ]]; then break; fi
  done
  if [[ $probe_answer == loading ]]; then
    fail 1 "redis-server still reads its data after $start_deadline_seconds s; it goes on, see 'scripts/start-redis.sh status'"
  fi
  if [[ $probe_answer != ready || -z $pid || $probe_pid != "$pid" ]]; then
    complain "redis-server did not come up at $redis_address; the last lines of $log_file:"
    tail -n 5 "$log_file" >&2 2>/dev/null || true
    exit 1
  fi
  say "started a local redis-server (no Docker): $(described_local "$pid")"
}

described_local() {
  echo "pid $1, address $redis_address, keys in database $redis_db: $probe_keys, Redis $probe_version, data in $data_dir"
}

# Why the redis-server that this script started is of no use at the address of the settings.
trouble_with_local() {
  local server
  server="the local redis-server (pid $1, port $(local_port "$1"), data in $data_dir)"
  if is_stopped "$1"; then
    echo "$server is frozen: a signal stopped it, and it answers nobody; 'kill -CONT $1' lets it go on"
  else
    echo "$server runs, but at $redis_address there is $(who_answers); see $log_file"
  fi
}

stop_local() {
  local pid=$1 waited=0
  kill -TERM "$pid"
  # One that was frozen hears of it only when it goes on.
  kill -CONT "$pid" 2>/dev/null || true
  while [[ $(local_pid) == "$pid" ]]; do
    if ((waited >= stop_deadline_seconds * 10)); then
      fail 1 "redis-server (pid $pid) was asked to stop and still runs after $stop_deadline_seconds s; see $log_file"
    fi
    sleep 0.1
    waited=$((waited + 1))
  done
  say "stopped the local redis-server (pid $pid); its data stays in $data_dir"
}

# --- the container ----------------------------------------------------------------------------------------------

compose() {
  local published=$redis_host
  if [[ $published == localhost ]]; then published=127.0.0.1; fi
  if [[ $published == *:* ]]; then published="[$published]"; fi
  HIKYAKU_REDIS_BIND=$published HIKYAKU_REDIS_PORT=$redis_port docker compose -f "$redis_compose_file" "$@"
}

readonly unpause_hint="'docker compose -f docker-compose.redis.yml unpause' lets it go on"

start_docker() {
  compose up --detach --wait --wait-timeout "$start_deadline_seconds" ||
    fail 1 "Docker could not start Redis; 'docker compose -f docker-compose.redis.yml logs' may say why"
  probe 5
  [[ $probe_answer == ready ]] ||
    fail 1 "the container runs, but no Redis answers at $redis_address; 'docker compose -f docker-compose.redis.yml logs' may say why"
  say "started with Docker: $(described_docker "$(redis_container)")"
}

described_docker() {
  echo "container ${1:0:12} (pid $(docker inspect --format '{{.State.Pid}}' "$1")), address $redis_address, keys in database $redis_db: $probe_keys, Redis $probe_version, data in $data_dir"
}

# --- the three verbs --------------------------------------------------------------------------------------------

start() {
  [[ $redis_place == loopback ]] ||
    fail 1 "the settings name $redis_address, a Redis on another machine: this script starts only one on this machine" \
      "for a Redis here set HIKYAKU__REDIS__JOBQUEUE__ADDR=localhost:6379, or another APP_ENV (now: ${APP_ENV:-local})"
  [[ -z $redis_username && -z $redis_password && $redis_tls == plain ]] ||
    fail 1 "the settings for $redis_address have a user name, a password or TLS; this script starts a Redis without them" \
      "take them out of the settings for this environment, or start that Redis yourself"

  local pid
  pid=$(local_pid)
  if [[ -n $pid ]]; then
    [[ $(local_port "$pid") == "$redis_port" ]] ||
      fail 1 "a redis-server (pid $pid, port $(local_port "$pid")) already works in $data_dir, and the settings name port $redis_port" \
        "two servers over one folder destroy each other's data: stop that one first, with the settings that started it"
    probe "$start_deadline_seconds"
    [[ $probe_answer == ready ]] || fail 1 "$(trouble_with_local "$pid")"
    say "already running as a local redis-server: $(described_local "$pid")"
    return
  fi

  local docker=no container=
  if [[ -z ${HIKYAKU_REDIS_DATA_DIR:-} ]] && has_docker; then
    docker=yes
    container=$(redis_container)
  fi
  probe
  if [[ -n $container && $probe_answer == ready ]]; then
    say "already running with Docker: $(described_docker "$container")"
    return
  fi
  if [[ -n $container ]] && is_paused "$container"; then
    fail 1 "container ${container:0:12} is paused; $unpause_hint"
  fi
  # A container that runs but does not answer here may listen on an earlier port; Compose moves it.
  [[ -n $container || $probe_answer == nothing ]] || fail 1 "port $redis_port is taken: $(who_answers)" "$(way_out)"

  mkdir -p "$data_dir"
  find_data_dir
  [[ -w $data_dir ]] || fail 1 "$data_dir: expected a folder that $(id -un) can write to; a container may own it now"
  if [[ $docker == yes ]]; then start_docker; else start_local; fi
}

stop() {
  [[ $redis_place == loopback ]] ||
    fail 1 "the settings name $redis_address, a Redis on another machine: this script stops only what it started here"
  local pid container=
  pid=$(local_pid)
  if [[ -z $pid && -z ${HIKYAKU_REDIS_DATA_DIR:-} ]] && has_docker; then container=$(redis_container); fi
  if [[ -n $pid ]]; then
    [[ $(local_port "$pid") == "$redis_port" ]] ||
      fail 1 "the redis-server in $data_dir (pid $pid) listens on port $(local_port "$pid"), but the settings name port $redis_port" \
        "stop it with the settings that started it: HIKYAKU__REDIS__JOBQUEUE__ADDR=$redis_host:$(local_port "$pid")"
    stop_local "$pid"
  elif [[ -n $container ]]; then
    # What is paused hears of the stop only when it goes on.
    if is_paused "$container"; then compose unpause; fi
    compose stop
    say "stopped the container; its data stays in $data_dir"
  else
    probe
    if [[ $probe_answer == nothing ]]; then
      say "not running, nothing to stop"
    else
      fail 1 "nothing here was started by this script, so nothing was stopped; at $redis_address there is $(who_answers)"
    fi
  fi
}

not_running() {
  say "$1"
  exit 3
}

status() {
  local pid container=
  probe
  pid=$(local_pid)
  if [[ -z $pid && -z ${HIKYAKU_REDIS_DATA_DIR:-} && $redis_place == loopback ]] && has_docker; then
    container=$(redis_container)
  fi
  if [[ $redis_place == remote ]]; then
    [[ $probe_answer != nothing ]] || not_running "nothing answers at $redis_address, which is not on this machine"
    say "not started by this script: at $redis_address there is $(who_answers)"
  elif [[ -n $pid && $probe_answer == ready && $probe_pid == "$pid" ]]; then
    say "running as a local redis-server: $(described_local "$pid")"
  elif [[ -n $container && $probe_answer == ready ]]; then
    say "running with Docker: $(described_docker "$container")"
  elif [[ -n $pid ]]; then
    not_running "$(trouble_with_local "$pid")"
  elif [[ -n $container ]] && is_paused "$container"; then
    not_running "container ${container:0:12} is paused; $unpause_hint"
  elif [[ -n $container ]]; then
    not_running "container ${container:0:12} runs, but at $redis_address there is $(who_answers)"
  elif [[ $probe_answer == nothing ]]; then
    not_running "not running: nothing answers at $redis_address"
  else
    not_running "not running: at $redis_address there is $(who_answers), which this script did not start"
  fi
}

# Names what the last probe met, as far as this machine tells.
who_answers() {
  case $probe_answer in
    ready) echo "a Redis $probe_version (process id $probe_pid${probe_config:+, configured by $probe_config})" ;;
    loading) echo "a Redis $probe_version (process id $probe_pid) that still reads its data" ;;
    locked) echo "a Redis that asks for a password" ;;
    refusing) echo "a Redis that refuses to answer: $probe_refusal" ;;
    silent) echo "something that takes connections and does not answer$(port_owner)" ;;
    nothing) echo "nothing that answers" ;;
    *) echo "something that is not Redis$(port_owner)" ;;
  esac
}

# The program that listens on the port, where the system tells it: " (redis-server, pid 4711, stopped by a signal: ...)".
port_owner() {
  local owner= pid
  [[ $redis_place == loopback ]] || return 0
  if command -v ss >/dev/null; then
    owner=$(ss -H -ltnp "sport = :$redis_port" 2>/dev/null |
      sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, pid \2/p' | head -n 1)
  elif command -v lsof >/dev/null; then
    owner=$(lsof -nP -iTCP:"$redis_port" -sTCP:LISTEN 2>/dev/null | awk 'NR == 2 { print $1 ", pid " $2 }')
  fi
  pid=${owner##* }
  if [[ -n $pid ]] && is_stopped "$pid"; then owner="$owner, stopped by a signal: 'kill -CONT $pid' lets it go on"; fi
  echo "${owner:+ ($owner)}"
}

way_out() {
  if [[ $probe_config == /etc/redis/* ]]; then
    echo "that is the machine's own service; end it with 'sudo systemctl stop redis-server', or choose another port: HIKYAKU__REDIS__JOBQUEUE__ADDR=localhost:6380"
  elif [[ $probe_config == */etc/redis.conf ]]; then
    echo "that is Homebrew's service; end it with 'brew services stop redis', or choose another port: HIKYAKU__REDIS__JOBQUEUE__ADDR=localhost:6380"
  else
    echo "end that program, or choose another port for both this script and the servers: HIKYAKU__REDIS__JOBQUEUE__ADDR=localhost:6380"
  fi
}

(($# == 1)) || usage
case $1 in start | stop | status) ;; *) usage ;; esac

find_data_dir
read_settings
"$1"
