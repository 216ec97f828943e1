-- Refuses a server's further claims from a queue, and frees the tasks that it holds there. Looks at one step of a walk over
-- all leases. The first step also looks at tasks that a server of another library said it runs.
-- KEYS 1 pending  2 active  3 lease  4 mark that refuses the server's claims
-- ARGV 1 prefix of task keys  2 now in ns  3 beginning of the server's tokens  4 life of the mark in s
--      5 cursor of the walk  6 limit  7 attempt line  8.. ids that a server of another library said it runs
-- Returns 1 ids that were freed  2 the next cursor  3 whether to go on: 0 at the end of the walk. With more in this step
--   than the limit the cursor is the same as before
local pending, active, lease, mark = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local taskPrefix, nowNs, tokens, cursor, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[5], tonumber(ARGV[6])
--- @include "attempts"
--- @include "able"
--- @include "holders"
--- @include "lease"
--- @include "line"
mustBeLists(pending, active)
mustBeSortedSets(lease)
mustBeAble(
  taskPrefix, 'SET', 'HMGET', 'ZSCORE', 'ZSCAN', 'ZREM', 'LREM', 'RPUSH', 'HSET', 'HDEL', 'HGET'
)
redis.call('SET', mark, '1', 'EX', ARGV[4])
local freed = {}

local function free(id, key)
  endLease(id, key)
  joinFront({ id }, 1)
  redis.call('HSET', key, waitsSince(nowNs))
  local attempts = attemptsWith(key, ARGV[7])
  if attempts then redis.call('HSET', key, 'hk:attempts', attempts) end
  freed[#freed + 1] = id
end

-- Recovery knows what to do with ids without a body, with what is no task, and with tasks that are in another state by now.
for index = 8, #ARGV do
  local id = ARGV[index]
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'msg', 'state', 'hk:lease')
  local ends = redis.call('ZSCORE', lease, id)
  if found and found[1] and found[2] == 'active' and ends and not tokenIn(found[3], ends) then free(id, key) end
end

local step = redis.call('ZSCAN', lease, cursor, 'COUNT', 500)
for index = 1, #step[2], 2 do
  local id = step[2][index]
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'msg', 'state', 'hk:lease')
  local token = found and tokenIn(found[3], redis.call('ZSCORE', lease, id))
  if token and string.sub(token, 1, #tokens) == tokens and found[1] and found[2] == 'active' then
    if #freed >= limit then return { freed, cursor, 1 } end
    free(id, key)
  end
end
return { freed, step[1], step[1] == '0' and 0 or 1 }
