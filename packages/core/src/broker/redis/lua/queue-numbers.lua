-- Returns the numbers of one queue at one moment.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 archived  6 completed  7 groups  8 paused
--      9 processed today  10 failed today  11 processed  12 failed  13 who paused it  14 policy
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now (unix seconds)  4 most due tasks to count
-- Returns paused, then the six sizes, aggregating, the four counters, since when the next task waits (ns) or empty, how many
--   scheduled and retry tasks are due, and since when (unix seconds) or empty, the pause flag, who paused it, and the policy, each empty if there is none
local aggregating = 0
for _, group in ipairs(redis.call('SMEMBERS', KEYS[7])) do
  local size = redis.pcall('ZCARD', ARGV[2] .. group)
  if type(size) == 'number' then aggregating = aggregating + size end
end
local since = ''
local head = redis.call('LRANGE', KEYS[1], -1, -1)[1]
local function textOr(reply, other) return type(reply) == 'string' and reply or other end
local function counter(key) return textOr(redis.pcall('GET', key), '0') end
if head then since = textOr(redis.pcall('HGET', ARGV[1] .. head, 'pending_since'), '') end
local now, mostDue = ARGV[3], tonumber(ARGV[4])
local due, dueSince = 0, ''
for _, key in ipairs({ KEYS[3], KEYS[4] }) do
  due = due + redis.call('ZCOUNT', key, '-inf', now)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  if first and tonumber(first) <= tonumber(now) and (dueSince == '' or tonumber(first) < tonumber(dueSince)) then
    dueSince = first
  end
end
return {
  redis.call('EXISTS', KEYS[8]),
  redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), aggregating,
  counter(KEYS[9]), counter(KEYS[10]), counter(KEYS[11]), counter(KEYS[12]),
  since, math.min(due, mostDue), dueSince,
  textOr(redis.pcall('GET', KEYS[8]), ''), textOr(redis.pcall('GET', KEYS[13]), ''), textOr(redis.pcall('GET', KEYS[14]), ''),
}
