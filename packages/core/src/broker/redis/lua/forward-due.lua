-- Moves tasks whose moment has come to their queue or group, none early.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ms  4 now in s  5 now in ns  6 limit
-- Returns 1 how many were moved  2 the next due moment in ms as text, or empty
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowMs, nowSec, nowNs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit = tonumber(ARGV[6])
--- @include "due-sooner"
local ready, moved = {}, 0

local function move(source, id)
  local key = taskPrefix .. id
  local found = redis.call('HMGET', key, 'state', 'group', 'msg')
  redis.call('ZREM', source, id)
  moved = moved + 1
  -- An id without a body can't run; leaving it out is all that can be done for it.
  if not found[3] then
    redis.call('DEL', key)
  elseif found[2] and found[2] ~= '' then
    redis.call('ZADD', groupPrefix .. found[2], nowSec, id)
    redis.call('SADD', groups, found[2])
    redis.call('HSET', key, 'state', 'aggregating')
  else
    redis.call('HSET', key, 'state', 'pending', 'pending_since', nowNs)
    ready[#ready + 1] = id
  end
end

local exact = redis.call('ZRANGEBYSCORE', due, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, limit)
for index = 1, #exact, 2 do
  local id = exact[index]
  local second = math.ceil(tonumber(exact[index + 1]) / 1000)
  redis.call('ZREM', due, id)
  -- The set's second must still be the one that was written with the exact moment, else others have moved the task.
  if tonumber(redis.call('ZSCORE', scheduled, id) or -1) == second then
    move(scheduled, id)
  elseif tonumber(redis.call('ZSCORE', retry, id) or -1) == second then
    move(retry, id)
  end
end
for _, source in ipairs({ scheduled, retry }) do
  if moved < limit then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', source, '-inf', nowSec, 'LIMIT', 0, limit - moved)) do
      redis.call('ZREM', due, id)
      move(source, id)
    end
  end
end
for from = 1, #ready, 1000 do
  redis.call('LPUSH', pending, unpack(ready, from, math.min(from + 999, #ready)))
end
local following = nextDue(due, scheduled, retry)
return { moved, following and string.format('%.0f', following) or '' }
