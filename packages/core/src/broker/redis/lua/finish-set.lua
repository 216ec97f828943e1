-- Enqueues the one task that was made of a set, and removes the set. The rest of a large set becomes leftovers: no other
-- program sees them, and their bodies are removed later.
-- KEYS 1 set  2 all sets  3 pending  4 scheduled  5 retry  6 groups  7 exact due moments  8 the set's leftovers
--      9 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ns  4 now in s  5 queue  6 channel for "due sooner"
--      7 the one task as for enqueue, or no items  8 the set's end in s  9 its id  10 prefix of locks  11 slice
-- Returns 0 when the set is gone, 1 when it is done, 2 when the id is taken, 3 where something else lies in the lock's
--   place, 4 in the group's, or the id of the lock's owner
local set, sets, pending, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local groups, due, leftovers, allLeftovers = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local items, setEnd, setId, lockPrefix, slice = cmsgpack.unpack(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]
--- @include "enqueue-items"
--- @include "drop-members"
if tonumber(redis.call('ZSCORE', sets, set) or -1) ~= setEnd then return 0 end
local heldLock
if items[1] then
  if redis.call('EXISTS', taskPrefix .. items[1]) == 1 then return 2 end
  local flags = items[3]
  if flags % 8 >= 4 then
    local lock = items[4 + flags % 2 * 2 + math.floor(flags % 4 / 2)]
    local owner = read('GET', lock)
    if owner == nil then return 3 end
    if owner and not redis.call('ZSCORE', set, owner) then return owner end
    heldLock = owner and lock
  end
end
decideItems(heldLock)
if refused[2] == 2 then return 4 end
local members = redis.call('ZCARD', set)
mustBeLists(pending)
mustBeSets(allLeftovers)
mustBeAble(
  taskPrefix, 'ZADD', 'ZREM', 'ZREMRANGEBYRANK', 'ZRANGE', 'DEL', 'GET', 'HMGET', 'EXISTS', 'RENAME', 'SADD', 'PTTL', 'SET', 'HSET', 'LPUSH'
)
-- The lock belongs to a task of the set, which is about to be removed.
if heldLock then redis.call('DEL', heldLock) end
putItems()
dropMembers(set, taskPrefix, lockPrefix, slice)
redis.call('ZREM', sets, set)
if members > tonumber(slice) then
  redis.call('RENAME', set, leftovers)
  redis.call('SADD', allLeftovers, setId)
end
return 1
