-- Lets a task that nobody holds wait until a moment, wherever it is.
-- KEYS 1 pending  2 lease  3 scheduled  4 retry  5 archived  6 groups  7 exact due moments  8 aggregation sets
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 id  4 end of a lease up to which it is surely over, in s
--      5 the second at or after the moment  6 the moment in ms  7 now in s  8 queue  9 channel for "due sooner"
-- Returns the outcome
local pending, lease, scheduled, retry, archived = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local groups, due, sets = KEYS[6], KEYS[7], KEYS[8]
local taskPrefix, groupPrefix, id, over = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local score, moment, nowSec, queue, channel = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local places = { pending = true, scheduled = true, retry = true, archived = true, aggregating = true }
--- @include "able"
--- @include "due-sooner"
--- @include "holders"
--- @include "keep-due"
--- @include "leave-line"
local key = taskPrefix .. id
local found = read('HMGET', key, 'msg', 'state', 'group')
if not found or not found[1] then return 'not_found' end
local state, group = found[2], found[3]
if state == 'active' or isHeld(lease, id, over) then return 'active' end
if state == 'completed' then return 'completed' end
if not places[state] then return 'not_found' end
local inGroup = state == 'aggregating' and group and scoreIn(groupPrefix .. group, id)
if state == 'aggregating' and not inGroup and isTaken(sets, groupPrefix, id) then return 'taken' end
mustBeLists(pending)
mustBeSortedSets(lease, due, scheduled, retry, archived)
mustBeSets(groups)
mustBeAble(
  taskPrefix, 'ZREM', 'ZADD', 'ZCARD', 'SREM', 'HSET', 'HDEL', 'LREM', 'ZRANGE', 'ZRANGEBYSCORE', 'ZSCORE', 'HGET', 'TTL', 'EXPIRE'
)
local home = state == 'retry' and retry or scheduled
local isExact = moment < score * 1000
local before, beforeExact = nextDue(due, scheduled, retry)
-- First what a server without memory refuses.
redis.call('HSET', key, 'state', state == 'retry' and 'retry' or 'scheduled')
redis.call('ZADD', home, score, id)
if isExact then redis.call('ZADD', due, moment, id) else redis.call('ZREM', due, id) end
redis.call('HDEL', key, 'pending_since', 'hk:reason')
if state == 'pending' then
  leaveLine(id, 1)
elseif state == 'archived' then
  redis.call('ZREM', archived, id)
elseif inGroup then
  redis.call('ZREM', groupPrefix .. group, id)
  if redis.call('ZCARD', groupPrefix .. group) == 0 then redis.call('SREM', groups, group) end
end
if isExact then keepDue(due, scheduled, retry, taskPrefix, nowSec, beforeExact, moment, 1) end
-- A server that misses it comes only a little late.
if before == nil or moment <= before then redis.pcall('PUBLISH', channel, string.format('%.0f ', moment) .. queue) end
return 'changed'
