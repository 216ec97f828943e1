-- Compares where tasks are listed with what they say of themselves, and repairs what does not agree.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 exact due moments
--      10 aggregation sets  11 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 prefix of leftovers  4 now in s  5 now in ns  6 repair (0 or 1)
--      7 where the ids come from: pending or active (read here), again (read there before), group (with its key in 8),
--        bodies, or entries
--      8 key of the group or set  9 first place in the list  10 how many of the list
--      11.. for each: id, score for a completed one or empty, group or empty
-- Returns 1 how many ids were looked at  2 findings: id, kind, state or empty, places joined by commas, action
local pending, active, lease, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local archived, completed, groups, due, sets, leftovers = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local taskPrefix, groupPrefix, leftoverPrefix = ARGV[1], ARGV[2], ARGV[3]
local nowSec, nowNs, repair, origin, originKey = ARGV[4], ARGV[5], ARGV[6] == '1', ARGV[7], ARGV[8]
local first, most = tonumber(ARGV[9]), tonumber(ARGV[10])
--- @include "able"
--- @include "holders"
--- @include "lease"
--- @include "leave-line"
--- @include "line"
local scoredKeys = { scheduled = scheduled, retry = retry, archived = archived, completed = completed }
local scoredNames = { 'scheduled', 'retry', 'archived', 'completed' }
local order = { 'active', 'pending', 'retry', 'scheduled', 'aggregating', 'archived', 'completed' }
local findings, wanted = {}, {}

-- Tells how often an id stands in a list. A short list is read whole. A longer one is read once for all ids of this call, when
-- the first of them raises doubts. A very long one is searched a few times only; nothing is known of the other ids.
local function reader(key)
  local size, searches, counts = redis.call('LLEN', key), 0, nil
  local function read(ids)
    counts = {}
    for from = 0, size - 1, 5000 do
      for _, id in ipairs(redis.call('LRANGE', key, from, from + 4999)) do
        if not ids or ids[id] then counts[id] = (counts[id] or 0) + 1 end
      end
    end
  end
  if size <= 2000 then read() end
  local isShort = counts ~= nil
  local function times(id)
    if not counts and size <= 20000 then read(wanted) end
    if counts then return counts[id] or 0 end
    searches = searches + 1
    if searches > 5 then return nil end
    return redis.call('LPOS', key, id) and 1 or 0
  end
  return times, isShort
end
local timesInPending, pendingIsShort = reader(pending)
local timesInActive, activeIsShort = reader(active)

-- A task that became pending after the next task in line almost surely has its place behind it.
local function waitsLongerThanAll(since)
  local nextId = redis.call('LINDEX', pending, -1)
  local nextSince = nextId and tonumber(read('HGET', taskPrefix .. nextId, 'pending_since') or '')
  return not (nextSince and since and tonumber(since) >= nextSince)
end

local function isLeftover(id)
  local names = redis.call('SRANDMEMBER', leftovers, 101)
  if #names > 100 then return true end
  for _, name in ipairs(names) do
    if scoreIn(leftoverPrefix .. name, id) then return true end
  end
  return false
end

-- The last value says whether a list was too long to know whether the id is there.
local function placesOf(id, state, group, since, leaseEnd, hasMessage)
  local places, times, isUnknown = {}, 1, false
  for _, name in ipairs(scoredNames) do
    if redis.call('ZSCORE', scoredKeys[name], id) then places[#places + 1] = name end
  end
  if activeIsShort or origin == 'active' or state == 'active' or leaseEnd then
    local count = origin == 'active' and not activeIsShort and 1 or timesInActive(id)
    isUnknown = count == nil
    count = count or 0
    if count > 0 then places[#places + 1] = 'active' end
    times = math.max(times, count)
  end
  local groupKey = group and group ~= '' and groupPrefix .. group
  if groupKey and scoreIn(groupKey, id) then
    places[#places + 1] = 'aggregating'
  elseif originKey ~= '' and scoreIn(originKey, id) then
    places[#places + 1] = 'aggregating'
    groupKey = originKey
  end
  local count = 0
  if pendingIsShort then
    count = timesInPending(id)
  elseif origin == 'pending' then
    count = 1
  elseif #places == 0 and (hasMessage or origin == 'again') then
    -- The walk over the list finds names without a task. Elsewhere such a name is a task that has just ended.
    local isDoubtful = origin ~= 'bodies' or state ~= 'pending' or waitsLongerThanAll(since)
    count = 1
    if isDoubtful then count = timesInPending(id) end
    isUnknown = isUnknown or count == nil
    count = count or 0
  end
  if count > 0 then places[#places + 1] = 'pending' end
  return places, math.max(times, count), groupKey, isUnknown
end

local function removeFrom(place, id, groupKey)
  if place == 'pending' then
    leaveLine(id, 0)
  elseif place == 'active' then
    endLease(id)
  elseif place == 'aggregating' then
    redis.call('ZREM', groupKey, id)
  else
    redis.call('ZREM', scoredKeys[place], id)
    if place == 'scheduled' or place == 'retry' then redis.call('ZREM', due, id) end
  end
end

local function setState(key, state)
  redis.call('HSET', key, 'state', state)
  if state == 'pending' then redis.call('HSETNX', key, 'pending_since', nowNs) else redis.call('HDEL', key, 'pending_since') end
end

local function archive(id, key, reason)
  redis.call('ZADD', archived, nowSec, id)
  setState(key, 'archived')
  redis.call('HSET', key, 'hk:reason', reason)
end

-- Lists a task that no list names. Its old holder, if it had one, lost the task with the entry.
local function listAgain(id, key, state, group, score)
  local exact = redis.call('ZSCORE', due, id)
  if state == 'pending' then
    if repair then
      joinBack({ id }, 1)
      setState(key, 'pending')
    end
  elseif state == 'active' then
    if repair then
      listActive(id)
      giveEndedLease(key, id, nowSec)
    end
  elseif state == 'retry' or state == 'scheduled' and exact then
    if repair then redis.call('ZADD', scoredKeys[state], exact and math.ceil(tonumber(exact) / 1000) or nowSec, id) end
  elseif state == 'archived' or state == 'completed' and score ~= '' then
    if repair then redis.call('ZADD', scoredKeys[state], state == 'completed' and score or nowSec, id) end
  elseif state == 'aggregating' and group ~= '' and read('ZCARD', groupPrefix .. group) then
    if repair then
      redis.call('ZADD', groupPrefix .. group, nowSec, id)
      redis.call('SADD', groups, group)
      redis.call('HSET', key, 'group', group)
    end
  else
    local lost = state == 'scheduled' and 'its moment' or state == 'aggregating' and 'its group' or 'its place'
    if repair then archive(id, key, 'no list named the task, and ' .. lost .. ' was lost') end
    return 'archived'
  end
  return 'listed'
end

local function keepOne(id, key, state, places, times, leaseEnd, groupKey)
  local among = {}
  for _, place in ipairs(places) do among[place] = true end
  local keep = among.active and leaseEnd and tonumber(leaseEnd) > tonumber(nowSec) and 'active'
  if not keep and state and among[state] then keep = state end
  for _, place in ipairs(order) do
    if not keep and among[place] then keep = place end
  end
  if repair then
    for _, place in ipairs(places) do
      if place ~= keep then removeFrom(place, id, groupKey) end
    end
    if times > 1 and keep == 'pending' then leaveLine(id, times - 1) end
    if times > 1 and keep == 'active' then unlistActive(id, times - 1) end
    setState(key, keep)
  end
  return 'kept_' .. keep
end

local function report(id, kind, state, places, action)
  local size = #findings
  findings[size + 1], findings[size + 2], findings[size + 3] = id, kind, state or ''
  findings[size + 4], findings[size + 5] = table.concat(places, ','), action
end

local function look(id, score, knownGroup)
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'state', 'group', 'pending_since')
  if not found then return report(id, 'unreadable', nil, {}, '') end
  local state, group, since = found[1], found[2], found[3]
  local hasMessage = redis.call('HEXISTS', key, 'msg') == 1
  if origin == 'bodies' and hasMessage and scoredKeys[state] and redis.call('ZSCORE', scoredKeys[state], id) then return end
  local leaseEnd = redis.call('ZSCORE', lease, id)
  local places, times, groupKey, isUnknown = placesOf(id, state, group, since, leaseEnd, hasMessage)
  -- The walks over the lists see listed tasks. A later pass sees what can't be known now.
  if isUnknown or origin == 'bodies' and #places > 0 then return end

  if not hasMessage then
    local exists = redis.call('EXISTS', key) == 1
    if #places == 0 and not leaseEnd then
      if not exists then return end
      if repair then redis.call('DEL', key) end
      return report(id, 'no_message', state, places, 'removed')
    end
    if repair then
      for _, place in ipairs(places) do removeFrom(place, id, groupKey) end
      dropLease(id)
      redis.call('ZREM', due, id)
      redis.call('DEL', key)
    end
    if leaseEnd and #places == 0 then places = { 'lease' } end
    return report(id, 'no_body', state, places, 'dropped')
  end

  local isActive = false
  for _, place in ipairs(places) do isActive = isActive or place == 'active' end
  if leaseEnd and not isActive then
    if state == 'active' and #places == 0 then
      if repair then listActive(id) end
      return report(id, 'lease_without_active', state, places, 'listed')
    end
    if repair then dropLease(id) end
    report(id, 'lease_without_active', state, places, 'lease_dropped')
  end

  if #places == 0 then
    if state == 'aggregating' and (isTaken(sets, groupPrefix, id) or isLeftover(id)) then return end
    local ownGroup = group and group ~= '' and group or knownGroup
    return report(id, 'unlisted', state, places, listAgain(id, key, state, ownGroup, score))
  end
  if #places > 1 or times > 1 then
    return report(id, 'listed_twice', state, places, keepOne(id, key, state, places, times, leaseEnd, groupKey))
  end
  if isActive and not leaseEnd then
    if repair then
      giveEndedLease(key, id, nowSec)
      redis.call('HSET', key, 'state', 'active')
    end
    return report(id, 'active_without_lease', state, places, 'lease_given')
  end
  if places[1] ~= state then
    if repair then setState(key, places[1]) end
    report(id, 'wrong_state', state, places, 'state_' .. places[1])
  end
end

if repair then
  mustBeLists(pending, active)
  mustBeSortedSets(lease, scheduled, retry, archived, completed, due, sets)
  mustBeSets(groups, leftovers)
  mustBeAble(
    taskPrefix, 'LLEN', 'LRANGE', 'LPOS', 'LINDEX', 'HGET', 'SRANDMEMBER', 'ZSCORE', 'ZRANGE', 'HMGET', 'HEXISTS', 'EXISTS', 'LREM',
    'ZREM', 'HSET', 'HSETNX', 'HDEL', 'ZADD', 'LPUSH', 'SADD', 'DEL', 'ZCARD'
  )
end
local looked = 0
if origin == 'pending' or origin == 'active' then
  local ids = redis.call('LRANGE', origin == 'pending' and pending or active, first, first + most - 1)
  for _, id in ipairs(ids) do look(id, '', '') end
  looked = #ids
else
  for index = 11, #ARGV, 3 do wanted[ARGV[index]] = true end
  for index = 11, #ARGV, 3 do
    look(ARGV[index], ARGV[index + 1], ARGV[index + 2])
    looked = looked + 1
  end
end
return { looked, findings }
