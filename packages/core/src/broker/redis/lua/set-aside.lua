-- Archives tasks that can't be read, as they are, under the caller's lease.
-- KEYS 1 active  2 lease  3 archived
-- ARGV 1 prefix of task keys  2 now in s  3 token  4 reason  5.. ids   Returns how many were archived
local active, lease, archived = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, nowSec, token, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
--- @include "able"
--- @include "holders"
--- @include "lease"
local moved = 0
mustBeLists(active)
mustBeSortedSets(lease, archived)
mustBeAble(taskPrefix, 'ZSCORE', 'HGET', 'LREM', 'ZREM', 'ZADD', 'HSET', 'HDEL')
for index = 5, #ARGV do
  local id = ARGV[index]
  local key = taskPrefix .. id
  if endHeldBy(lease, key, id, token) then
    endLease(id, key)
    redis.call('ZADD', archived, nowSec, id)
    redis.call('HSET', key, 'state', 'archived', 'hk:reason', reason)
    moved = moved + 1
  end
end
return moved
