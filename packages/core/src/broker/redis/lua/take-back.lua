-- Leases to the caller the tasks of a holder that is gone. Looks at one step of a walk over all leases.
-- KEYS 1 active  2 lease  3 mark that refuses the caller's claims
-- ARGV 1 prefix of task keys  2 cursor of the walk  3 limit  4 end of the new leases in s  5 their token
--      6 beginning of the tokens of a dead server, or empty  7.. tokens of calls whose answer was lost
-- Returns 1 leased: id, message, exact times, attempts lost, attempts lost alone, lease value before, for each
--      2 ids that have no body
--      3 the next cursor: the same when there was more in this step than the limit, 0 at the end of the walk
local active, lease = KEYS[1], KEYS[2]
local taskPrefix, cursor, limit, leaseEnd, newToken = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local dead, tokens = ARGV[6], {}
for index = 7, #ARGV do tokens[ARGV[index]] = true end
--- @include "holders"
--- @include "lease"
--- @include "lost-attempts"
local leased, ghosts, taken = {}, {}, 0
local step = redis.call('ZSCAN', lease, cursor, 'COUNT', 500)
if #step[2] > 0 and redis.call('EXISTS', KEYS[3]) == 1 then return { leased, ghosts, '0' } end
--- @include "able"
if #step[2] > 0 then
  mustBeLists(active)
  mustBeAble(
    taskPrefix, 'HMGET', 'ZSCORE', 'ZREM', 'LREM', 'DEL', 'LPOS', 'LPUSH', 'ZADD', 'HSET', 'HGET', 'HINCRBY'
  )
end
for index = 1, #step[2], 2 do
  local id = step[2][index]
  local key = taskPrefix .. id
  -- Something else under the key has no token. The take-over of expired leases finds it.
  local found = read('HMGET', key, 'msg', 'state', 'hk:exact', 'hk:lease', 'hk:lost', 'hk:alone') or {}
  local held, ends = found[4], redis.call('ZSCORE', lease, id)
  local token = tokenIn(held, ends)
  local isDead = token and dead ~= '' and string.sub(token, 1, #dead) == dead
  if isDead or (token and tokens[token]) then
    if taken >= limit then return { leased, ghosts, cursor } end
    if not found[1] then
      endLease(id)
      redis.call('DEL', key)
      ghosts[#ghosts + 1] = id
    elseif found[2] ~= 'active' then
      dropLease(id)
    else
      giveLease(key, id, newToken, leaseEnd)
      local lost, alone = found[5], found[6]
      if isDead then lost, alone = countLost(key, token) end
      taken = taken + 1
      local size = #leased
      leased[size + 1], leased[size + 2], leased[size + 3] = id, found[1], found[3]
      leased[size + 4], leased[size + 5], leased[size + 6] = lost, alone, held
    end
  end
end
return { leased, ghosts, step[1] }
