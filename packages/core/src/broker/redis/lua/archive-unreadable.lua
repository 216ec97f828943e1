-- Archives a task whose message can't be read, as it is. Only if it is still the same and nobody holds it.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 exact due moments
-- ARGV 1 task key  2 prefix of group keys  3 id  4 the message that was read  5 now in s  6 reason   Returns 1, or 0
local pending, lease = KEYS[1], KEYS[3]
local key, groupPrefix, id, msg, nowSec, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
--- @include "able"
--- @include "leave-line"
local found = read('HMGET', key, 'msg', 'state', 'group')
if not found then return 0 end
local state, group = found[2], found[3]
if found[1] ~= msg or redis.call('ZSCORE', lease, id) then return 0 end
mustBeLists(pending)
mustBeSortedSets(KEYS[4], KEYS[5], KEYS[6], KEYS[8])
if group and read('ZCARD', groupPrefix .. group) == nil then return 0 end
mustBeAble(groupPrefix, 'LREM', 'ZREM', 'ZADD', 'HSET', 'HDEL')
local removed = 0
if state == 'pending' then
  removed = leaveLine(id, 0)
elseif state == 'scheduled' or state == 'retry' then
  removed = redis.call('ZREM', state == 'scheduled' and KEYS[4] or KEYS[5], id)
  redis.call('ZREM', KEYS[8], id)
elseif state == 'aggregating' and group then
  removed = redis.call('ZREM', groupPrefix .. group, id)
end
if removed == 0 then return 0 end
redis.call('ZADD', KEYS[6], nowSec, id)
redis.call('HSET', key, 'state', 'archived', 'hk:reason', reason)
redis.call('HDEL', key, 'pending_since')
return 1
