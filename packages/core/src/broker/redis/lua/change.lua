-- Runs, archives or deletes tasks that nobody holds: named ones, or the first ones of a container.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 exact due moments
--      10 aggregation sets  11 the container to take from, or any key where ids are given
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 prefix of locks  4 run, archive or delete  5 now in s  6 now in ns
--      7 end of a lease up to which it is surely over, in s  8 state of the container, or the state that the ids must be
--        in, or empty  9 group of the container, or empty  10 most to take from the container; 0 where ids are given
--      11 most list entries to search before the rest is left for another call  12.. ids
-- Returns 1 how many tasks were looked at  2 how many were changed  3 for each id (ids) or each that was not changed
--   (container): id, outcome  4 whether the container holds more
local pending, active, lease, archived = KEYS[1], KEYS[2], KEYS[3], KEYS[6]
local groups, due, sets, container = KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local taskPrefix, groupPrefix, lockPrefix, change = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local nowSec, nowNs, over = ARGV[5], ARGV[6], tonumber(ARGV[7])
local wantedState, containerGroup, limit, budget = ARGV[8], ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
local scored = { scheduled = KEYS[4], retry = KEYS[5], archived = KEYS[6], completed = KEYS[7] }
local places = { pending = true, active = true, aggregating = true, scheduled = true, retry = true, archived = true, completed = true }
--- @include "able"
--- @include "holders"
--- @include "lease"
--- @include "leave-line"
--- @include "line"
--- @include "lock"
local fromContainer = limit > 0
local ready, changed, searched = {}, 0, 0

local function removeFromPending(id)
  searched = searched + redis.call('LLEN', pending)
  return leaveLine(id, 1)
end

local function removeFromGroup(group, id)
  if not read('ZCARD', groupPrefix .. group) then return 0 end
  local removed = redis.call('ZREM', groupPrefix .. group, id)
  if removed == 1 and redis.call('ZCARD', groupPrefix .. group) == 0 then redis.call('SREM', groups, group) end
  return removed
end

local function removeFromScored(id)
  local removed = redis.call('ZREM', due, id)
  for _, key in pairs(scored) do removed = removed + redis.call('ZREM', key, id) end
  return removed
end

-- Takes the id out of the place that its state names. Without a known state, out of every place.
local function takeOut(id, state, group)
  if scored[state] then
    redis.call('ZREM', scored[state], id)
    if state == 'scheduled' or state == 'retry' then redis.call('ZREM', due, id) end
    return
  end
  if state == 'pending' or not places[state] then removeFromPending(id) end
  if state == 'active' or not places[state] then endLease(id) end
  if group and (state == 'aggregating' or not places[state]) then removeFromGroup(group, id) end
  if not places[state] then removeFromScored(id) end
end

local function carryOut(id, key, unique, hasBody)
  if change == 'run' then
    redis.call('HSET', key, waitsSince(nowNs))
    redis.call('HDEL', key, 'group', 'hk:lost', 'hk:alone', 'hk:reason')
    ready[#ready + 1] = id
  elseif change == 'archive' then
    redis.call('ZADD', archived, nowSec, id)
    redis.call('HSET', key, 'state', 'archived')
    redis.call('HDEL', key, 'pending_since')
  else
    release(lockOf(unique, hasBody and not unique and redis.call('HGET', key, 'msg')), lockPrefix, id)
    redis.call('UNLINK', key)
  end
  changed = changed + 1
  return 'changed'
end

-- For a task without a message: nothing can be run or kept, but the rest can be deleted.
local function changeRest(id, key, exists, wasListed)
  if change ~= 'delete' then return 'not_found' end
  local removed = removeFromScored(id)
  if exists then redis.call('UNLINK', key) end
  if not exists and not wasListed and removed == 0 then return 'not_found' end
  changed = changed + 1
  return 'changed'
end

local function changeOne(id)
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'state', 'group', 'unique_key')
  if not found then
    if wantedState ~= '' and not fromContainer then return 'moved' end
    return changeRest(id, key, true, fromContainer)
  end
  local state, group, unique = found[1], found[2], found[3]
  if isHeld(lease, id, over) then return 'active' end
  local hasBody = redis.call('HEXISTS', key, 'msg') == 1
  if not hasBody and redis.call('EXISTS', key) == 0 then return changeRest(id, key, false, fromContainer) end
  if fromContainer then
    -- It is out of the container already. Its state counts only when that is another place.
    if state ~= wantedState then takeOut(id, places[state] and state or '', group) end
    if not hasBody then return changeRest(id, key, true, true) end
    return carryOut(id, key, unique, true)
  end
  if wantedState ~= '' and state ~= wantedState then return 'moved' end
  if state == 'pending' and change == 'run' or state == 'archived' and change == 'archive' then return 'unchanged' end
  if not hasBody and change ~= 'delete' then return 'not_found' end
  if state == 'aggregating' then
    local removed = group and removeFromGroup(group, id) or 0
    if removed == 0 and isTaken(sets, groupPrefix, id) then return 'taken' end
  else
    takeOut(id, state, group)
  end
  return carryOut(id, key, unique, hasBody)
end

mustBeLists(pending, active)
mustBeSortedSets(lease, due, sets, scored.scheduled, scored.retry, archived, scored.completed)
mustBeSets(groups)
mustBeAble(
  taskPrefix, 'LRANGE', 'LTRIM', 'ZRANGE', 'ZREMRANGEBYRANK', 'ZREM', 'HMGET', 'ZSCORE', 'HEXISTS', 'EXISTS', 'LLEN', 'LREM', 'ZCARD',
  'SREM', 'HSET', 'HDEL', 'HGET', 'GET', 'ZADD', 'DEL', 'UNLINK', 'LPUSH'
)
local ids = {}
if fromContainer then
  if wantedState == 'pending' then
    local range = redis.call('LRANGE', container, -limit, -1)
    for index = #range, 1, -1 do ids[#ids + 1] = range[index] end
    if #ids > 0 then leaveFront(#ids) end
  else
    ids = redis.call('ZRANGE', container, 0, limit - 1)
    if #ids > 0 then redis.call('ZREMRANGEBYRANK', container, 0, #ids - 1) end
    if wantedState == 'scheduled' or wantedState == 'retry' then
      for from = 1, #ids, 1000 do redis.call('ZREM', due, unpack(ids, from, math.min(from + 999, #ids))) end
    end
  end
else
  for index = 12, #ARGV do ids[#ids + 1] = ARGV[index] end
end

local outcomes, seen = {}, 0
for _, id in ipairs(ids) do
  -- Tasks that were taken from a container must be dealt with now. Named ones can wait for another call.
  if not fromContainer and searched > budget then break end
  seen = seen + 1
  local outcome = changeOne(id)
  if not fromContainer or outcome ~= 'changed' then
    outcomes[#outcomes + 1] = id
    outcomes[#outcomes + 1] = outcome
  end
end
joinBack(ready, #ready)
local more = 0
if fromContainer then
  more = wantedState == 'pending' and redis.call('LLEN', container) or redis.call('ZCARD', container)
  if more == 0 and containerGroup ~= '' then redis.call('SREM', groups, containerGroup) end
end
return { seen, changed, outcomes, more > 0 and 1 or 0 }
