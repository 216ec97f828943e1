-- Replaces the message of a task that is not running, if it is still the one that was read. Moves its uniqueness lock.
-- KEYS 1 task  2 lease  3 aggregation sets  4 lock before  5 lock after (4 and 5: any key where there is no lock to move)
-- ARGV 1 id  2 prefix of group keys  3 end of a lease up to which it is surely over, in s  4 message before
--      5 message after  6 whether there is a lock to move
-- Returns the outcome
local task, lease, sets, lockBefore, lockAfter = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, groupPrefix, over, before, after = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
--- @include "holders"
local found = redis.call('HMGET', task, 'msg', 'state', 'group', 'unique_key')
local state, group = found[2], found[3]
if not found[1] then return 'not_found' end
if state == 'active' or isHeld(lease, id, over) then return 'active' end
if state == 'completed' then return 'completed' end
if found[1] ~= before then return 'conflict' end
if state == 'aggregating' and not (group and scoreIn(groupPrefix .. group, id)) and isTaken(sets, groupPrefix, id) then
  return 'taken'
end
--- @include "able"
mustBeAble(ARGV[2], 'GET', 'PTTL', 'SET', 'DEL', 'HSET')
if ARGV[6] == '1' then
  if lockAfter ~= lockBefore and redis.pcall('GET', lockBefore) == id then
    local life = redis.call('PTTL', lockBefore)
    local owner = redis.pcall('GET', lockAfter)
    if owner and owner ~= id then return 'duplicate' end
    if life > 0 then redis.call('SET', lockAfter, id, 'PX', life) else redis.call('SET', lockAfter, id) end
    redis.call('DEL', lockBefore)
  end
  if found[4] then redis.call('HSET', task, 'unique_key', lockAfter) end
end
redis.call('HSET', task, 'msg', after)
return 'changed'
