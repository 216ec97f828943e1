-- Leases to the caller the tasks whose lease ran out. A lease of one of our servers is over when it ends. A lease of a Go server
-- is over only after a margin: the server's clock may differ, and the lease does not say whose it is.
-- KEYS 1 active  2 lease  3 mark that refuses the caller's claims  4 archived
-- ARGV 1 prefix of task keys  2 now in s  3 end of Go's leases before which they are over, in s  4 limit
--      5 end of the new leases in s  6 their token  7.. tokens of leases that the caller keeps though they are over
-- Returns 1 leased: id, message, exact times, attempts lost, attempts lost alone, lease value before, for each
--      2 ids that have no body
--      3 ids under whose key lies something that is no task: they are archived, and what lies there is left alone
local active, lease = KEYS[1], KEYS[2]
local taskPrefix, nowSec, foreignEnd, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local leaseEnd, newToken, kept = ARGV[5], ARGV[6], {}
for index = 7, #ARGV do kept[ARGV[index]] = true end
--- @include "holders"
--- @include "lease"
--- @include "lost-attempts"
local leased, ghosts, strangers, taken = {}, {}, {}, 0
local expired = redis.call('ZRANGEBYSCORE', lease, '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, 1000)
if #expired > 0 and redis.call('EXISTS', KEYS[3]) == 1 then return { leased, ghosts, strangers } end
--- @include "able"
if #expired > 0 then
  mustBeLists(active)
  mustBeSortedSets(KEYS[4])
  mustBeAble(
    taskPrefix, 'HMGET', 'ZREM', 'LREM', 'DEL', 'LPOS', 'LPUSH', 'ZADD', 'HSET', 'HGET', 'HINCRBY'
  )
  beginWithoutMemory()
end
for index = 1, #expired, 2 do
  if taken >= limit then break end
  local id, ends = expired[index], expired[index + 1]
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'msg', 'state', 'hk:exact', 'hk:lease')
  local isStranger = found == nil
  found = found or {}
  local msg, state, held = found[1], found[2], found[4]
  local token = tokenIn(held, ends)
  if not kept[token] and (token or tonumber(ends) <= foreignEnd) then
    if isStranger then
      endLease(id)
      redis.call('ZADD', KEYS[4], ARGV[2], id)
      strangers[#strangers + 1] = id
    elseif not msg then
      endLease(id)
      redis.call('DEL', key)
      ghosts[#ghosts + 1] = id
    elseif state ~= 'active' then
      -- Somebody moved the task on and left the lease behind.
      dropLease(id)
    else
      giveLease(key, id, newToken, leaseEnd)
      local lost, alone = countLost(key, token)
      taken = taken + 1
      local size = #leased
      leased[size + 1], leased[size + 2], leased[size + 3] = id, msg, found[3]
      leased[size + 4], leased[size + 5], leased[size + 6] = lost, alone, token and held
    end
  end
end
return { leased, ghosts, strangers }
