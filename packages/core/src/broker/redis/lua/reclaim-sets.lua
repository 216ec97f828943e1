-- Puts the tasks of a set back into their group and lists the group again. If other tasks wait in the group, it goes slice by
-- slice. From the first slice on the set belongs to nobody: its end is 0.
-- KEYS 1 set  2 all sets  3 group  4 groups   ARGV 1 group  2 the set's end in s, as it is in all sets  3 slice
-- Returns 1 how many were put back, or -1 when the set is gone  2 how many are left
local set, sets, group, groups = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, setEnd, slice = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if tonumber(redis.call('ZSCORE', sets, set) or -1) ~= setEnd then return { -1, 0 } end
--- @include "able"
local size = read('ZCARD', set)
if size == nil or read('ZCARD', group) == nil then
  -- One of the two keys holds something else, so nothing can be put back. The checker lists the tasks again.
  redis.call('ZREM', sets, set)
  return { -1, 0 }
end
mustBeSets(groups)
mustBeAble(
  set, 'SADD', 'EXISTS', 'ZADD', 'ZRANGE', 'ZREMRANGEBYRANK', 'RENAME', 'ZUNIONSTORE', 'DEL', 'ZREM'
)
if size > 0 then redis.call('SADD', groups, name) end
if size > slice and redis.call('EXISTS', group) == 1 then
  redis.call('ZADD', sets, 0, set)
  local members = redis.call('ZRANGE', set, 0, slice - 1, 'WITHSCORES')
  for index = 1, #members, 2 do redis.call('ZADD', group, members[index + 1], members[index]) end
  redis.call('ZREMRANGEBYRANK', set, 0, slice - 1)
  return { slice, size - slice }
end
if size > 0 then
  if redis.call('EXISTS', group) == 0 then
    redis.call('RENAME', set, group)
  else
    redis.call('ZUNIONSTORE', group, 2, group, set, 'AGGREGATE', 'MIN')
    redis.call('DEL', set)
  end
end
redis.call('ZREM', sets, set)
return { size, 0 }
