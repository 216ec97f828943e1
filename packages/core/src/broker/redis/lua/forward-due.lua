-- Moves tasks whose moment has come to their queue or group, none early.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments  6 archived  7 lease
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ms  4 now in s  5 now in ns  6 limit
--      7 1 where retry tasks go before all that wait, else 0
-- Returns 1 how many were moved  2 the next due moment in ms as text, or empty  3 1 where a lease has ended, else 0
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowMs, nowSec, nowNs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, retriesFirst = tonumber(ARGV[6]), ARGV[7] == '1'
--- @include "due-sooner"
local ready, again, moved = {}, {}, 0

local function move(source, id)
  local key = taskPrefix .. id
  local found = redis.pcall('HMGET', key, 'state', 'group', 'msg')
  local grouped = found[2] and found[2] ~= ''
  if found.err or (grouped and type(redis.pcall('ZCARD', groupPrefix .. found[2])) == 'table') then
    -- What lies under its key is no task, or under its group's no group: kept where it is seen, and left as it is.
    redis.call('ZREM', source, id)
    redis.call('ZADD', KEYS[6], nowSec, id)
    if not found.err then redis.call('HSET', key, 'state', 'archived', 'hk:reason', 'its group is none') end
    moved = moved + 1
    return
  end
  redis.call('ZREM', source, id)
  moved = moved + 1
  -- An id without a body can't run; leaving it out is all that can be done for it.
  if not found[3] then
    redis.call('DEL', key)
  elseif grouped then
    redis.call('ZADD', groupPrefix .. found[2], nowSec, id)
    redis.call('SADD', groups, found[2])
    redis.call('HSET', key, 'state', 'aggregating')
  else
    redis.call('HSET', key, 'state', 'pending', 'pending_since', nowNs)
    local list = retriesFirst and source == retry and again or ready
    list[#list + 1] = id
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
-- What was due first runs first, and the end of the list is what runs next.
for index = #again, 1, -1 do redis.call('RPUSH', pending, again[index]) end
local following = nextDue(due, scheduled, retry)
local over = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', nowSec, 'LIMIT', 0, 1)
return { moved, following and string.format('%.0f', following) or '', #over }
