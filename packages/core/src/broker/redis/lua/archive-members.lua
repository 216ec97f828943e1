-- Takes tasks out of a set and archives them.
-- KEYS 1 set  2 all sets  3 archived
-- ARGV 1 prefix of task keys  2 now in s  3 the set's end in s
--      4.. members: id, message or empty to leave it as it is, reason or empty
-- Returns positions (from 0) of members that were not in the set any more
local set, sets, archived = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, nowSec, setEnd = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = tonumber(redis.call('ZSCORE', sets, set) or -1) == setEnd
local lost = {}
--- @include "able"
if held then
  mustBeSortedSets(set, archived)
  mustBeAble(taskPrefix, 'ZREM', 'ZADD', 'HSET')
end
for index = 4, #ARGV, 3 do
  local id, msg, reason = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if held and redis.call('ZREM', set, id) == 1 then
    local key = taskPrefix .. id
    redis.call('ZADD', archived, nowSec, id)
    -- Something else may lie under the key. Then only the list shows that the task is archived.
    redis.pcall('HSET', key, 'state', 'archived')
    if msg ~= '' then redis.pcall('HSET', key, 'msg', msg) end
    if reason ~= '' then redis.pcall('HSET', key, 'hk:reason', reason) end
  else
    lost[#lost + 1] = (index - 4) / 3
  end
end
return lost
