-- Enqueues the one task that was made of a set, and removes the set. What the caller did not name of a large set becomes
-- leftovers, which no other program sees and whose bodies go later.
-- KEYS 1 set  2 all sets  3 pending  4 scheduled  5 retry  6 groups  7 exact due moments  8 the set's leftovers
--      9 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ns  4 now in s  5 queue  6 channel for "due sooner"
--      7 the set's end in s  8 its id  9 the one task, packed as for enqueue, or empty  10.. members: id, lock or empty
-- Returns 0 when the set is gone, 1 when it is done, 2 when the id is taken, or the id of the lock's owner
local set, sets, pending, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local groups, due, leftovers, allLeftovers = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local setEnd, setId, packed = tonumber(ARGV[7]), ARGV[8], ARGV[9]
--- @include "drop-member"
--- @include "due-sooner"
if tonumber(redis.call('ZSCORE', sets, set) or -1) ~= setEnd then return 0 end

local id, msg, score, moment, group, lock, life, exact
if packed ~= '' then
  local item = cmsgpack.unpack(packed)
  local flags, at = item[3], 4
  id, msg = item[1], item[2]
  if flags % 2 >= 1 then score, moment, at = item[at], item[at + 1], at + 2 end
  if flags % 4 >= 2 then group, at = item[at], at + 1 end
  if flags % 8 >= 4 then lock, life, at = item[at], item[at + 1], at + 2 end
  if flags >= 8 then exact = item[at] end
  if redis.call('EXISTS', taskPrefix .. id) == 1 then return 2 end
  -- A lock that a task of the set holds is about to be released.
  local owner = lock and redis.call('GET', lock)
  if owner and not redis.call('ZSCORE', set, owner) then return owner end
end

for index = 10, #ARGV, 2 do dropMember(set, taskPrefix, ARGV[index], ARGV[index + 1]) end
redis.call('ZREM', sets, set)
if redis.call('EXISTS', set) == 1 then
  redis.call('RENAME', set, leftovers)
  redis.call('SADD', allLeftovers, setId)
end

if id then
  local fields = { 'msg', msg, 'state', 'pending' }
  if lock then
    redis.call('SET', lock, id, 'EX', life)
    fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock
  end
  if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
  if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
  if score then
    fields[4] = 'scheduled'
    if moment < score * 1000 then redis.call('ZADD', due, moment, id) end
    redis.call('ZADD', scheduled, score, id)
  elseif group then
    fields[4] = 'aggregating'
    redis.call('ZADD', groupPrefix .. group, nowSec, id)
  else
    fields[#fields + 1] = 'pending_since'
    fields[#fields + 1] = nowNs
  end
  if group then redis.call('SADD', groups, group) end
  redis.call('HSET', taskPrefix .. id, unpack(fields))
  if score and nextDue(due, scheduled, retry) == moment then
    redis.call('PUBLISH', channel, string.format('%.0f ', moment) .. queue)
  end
  if not score and not group then redis.call('LPUSH', pending, id) end
end
return 1
