-- The numbers of one queue at one moment.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 archived  6 completed  7 groups  8 paused
--      9 processed today  10 failed today  11 processed  12 failed
-- ARGV 1 prefix of task keys  2 prefix of group keys
-- Returns paused, then the six sizes, aggregating, the four counters, and since when the next task waits (ns) or empty
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
return {
  redis.call('EXISTS', KEYS[8]),
  redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), aggregating,
  counter(KEYS[9]), counter(KEYS[10]), counter(KEYS[11]), counter(KEYS[12]),
  since,
}
