-- Returns what a queue still holds, so that it can be removed.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 aggregation sets
-- ARGV 1 prefix of group keys  2 now in s  3 end of a lease up to which it is surely over, in s
-- Returns 1 tasks that may be held by a worker or an aggregator  2 states that hold tasks  3 groups that hold tasks, and
--   aggregation sets that nobody works on, by their part of the key (at most 100)  4 ids in active or lease (at most 100)
local groupPrefix, nowSec, over = ARGV[1], ARGV[2], ARGV[3]
local lease, groups, sets = KEYS[3], KEYS[8], KEYS[9]
local held = redis.call('ZCOUNT', lease, '(' .. over, '+inf') + redis.call('ZCOUNT', sets, '(' .. nowSec, '+inf')
local states = {}
if redis.call('LLEN', KEYS[1]) > 0 then states[1] = 'pending' end
for index, state in ipairs({ 'scheduled', 'retry', 'archived', 'completed' }) do
  if redis.call('ZCARD', KEYS[index + 3]) > 0 then states[#states + 1] = state end
end
local grouped = {}
for _, group in ipairs(redis.call('SMEMBERS', groups)) do
  local size = redis.pcall('ZCARD', groupPrefix .. group)
  if #grouped < 100 and type(size) == 'number' and size > 0 then grouped[#grouped + 1] = group end
end
for _, set in ipairs(redis.call('ZRANGEBYSCORE', sets, '-inf', nowSec, 'LIMIT', 0, 100)) do
  local size = string.sub(set, 1, #groupPrefix) == groupPrefix and redis.pcall('ZCARD', set)
  if type(size) == 'number' and size > 0 then
    grouped[#grouped + 1] = string.sub(set, #groupPrefix + 1)
  else
    redis.pcall('ZREM', sets, set)
  end
end
local stuck = redis.call('LRANGE', KEYS[2], 0, 99)
for _, id in ipairs(redis.call('ZRANGE', lease, 0, 99)) do stuck[#stuck + 1] = id end
return { held, states, grouped, stuck }
