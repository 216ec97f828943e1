-- Moves due tasks to their queue or group. None is moved early.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments  6 archived  7 lease  8 policy of the queue
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ms  4 now in s  5 now in ns  6 limit
-- Returns 1 how many were moved  2 the next due moment in ms as text, or empty  3 1 where a lease has ended, else 0
--   4 ids without a body, which were dropped  5 ids that were archived because they can't be put in line, each with why or empty
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowMs, nowSec, nowNs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, isStrict = tonumber(ARGV[6]), nil
--- @include "able"
--- @include "due-sooner"
--- @include "line"

-- From here on the script only reads, to find out what to do.
local ready, again, ghosts, grouped, strangers = {}, {}, {}, {}, {}
local passed, leaving, moved, seen = {}, { [scheduled] = {}, [retry] = {} }, 0, {}
-- A task waits since it was due, also if nobody was there to move it then.
local sinceNs = {}

local function move(source, id, dueMs)
  seen[id] = true
  sinceNs[id] = dueMs > 0 and string.format('%.0f000000', dueMs) or nowNs
  moved = moved + 1
  leaving[source][#leaving[source] + 1] = id
  local found = read('HMGET', taskPrefix .. id, 'state', 'group', 'msg')
  local group = found and found[2] and found[2] ~= '' and found[2]
  if not found then
    -- What lies under its key is no task. The id is kept where it can be seen; the key stays as it is.
    strangers[#strangers + 1] = { id }
  elseif group and not read('ZCARD', groupPrefix .. group) then
    strangers[#strangers + 1] = { id, 'its group is none' }
  elseif not found[3] then
    -- An id without a body can't run. It can only be dropped.
    ghosts[#ghosts + 1] = id
  elseif group then
    grouped[#grouped + 1] = { id, group }
  else
    if source == retry and isStrict == nil then isStrict = read('GET', KEYS[8]) == 'ordered:strict' end
    local list = isStrict and source == retry and again or ready
    list[#list + 1] = id
  end
end

local exact = redis.call('ZRANGEBYSCORE', due, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, limit)
for index = 1, #exact, 2 do
  local id = exact[index]
  local dueMs = tonumber(exact[index + 1])
  local second = math.ceil(dueMs / 1000)
  passed[#passed + 1] = id
  -- The exact moment counts only while the set still has the second that was written with it. Otherwise others moved the task.
  if tonumber(redis.call('ZSCORE', scheduled, id) or -1) == second then
    move(scheduled, id, dueMs)
  elseif tonumber(redis.call('ZSCORE', retry, id) or -1) == second then
    move(retry, id, dueMs)
  end
end
for _, source in ipairs({ scheduled, retry }) do
  if moved < limit then
    local listed = redis.call('ZRANGEBYSCORE', source, '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, limit)
    for index = 1, #listed, 2 do
      local id = listed[index]
      if moved < limit and not seen[id] then
        passed[#passed + 1] = id
        move(source, id, tonumber(listed[index + 1]) * 1000)
      end
    end
  end
end

local over = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', nowSec, 'LIMIT', 0, 1)

local function inSlices(command, key, list)
  for from = 1, #list, 1000 do redis.call(command, key, unpack(list, from, math.min(from + 999, #list))) end
end

if #passed > 0 then
  mustBeLists(pending)
  if #grouped > 0 then mustBeSets(groups) end
  if #strangers > 0 then mustBeSortedSets(KEYS[6]) end
  mustBeAble(taskPrefix, 'ZREM', 'DEL', 'ZADD', 'SADD', 'HSET', 'LPUSH', 'RPUSH', 'ZRANGE', 'ZRANGEBYSCORE')
  inSlices('ZREM', due, passed)
  inSlices('ZREM', scheduled, leaving[scheduled])
  inSlices('ZREM', retry, leaving[retry])
  for _, id in ipairs(ghosts) do redis.call('DEL', taskPrefix .. id) end
  for _, stranger in ipairs(strangers) do
    local id, reason = stranger[1], stranger[2]
    redis.call('ZADD', KEYS[6], nowSec, id)
    if reason then redis.call('HSET', taskPrefix .. id, 'state', 'archived', 'hk:reason', reason) end
  end
  for _, member in ipairs(grouped) do
    local id, group = member[1], member[2]
    redis.call('ZADD', groupPrefix .. group, nowSec, id)
    redis.call('SADD', groups, group)
    redis.call('HSET', taskPrefix .. id, 'state', 'aggregating')
  end
  for _, list in ipairs({ ready, again }) do
    for _, id in ipairs(list) do redis.call('HSET', taskPrefix .. id, waitsSince(sinceNs[id])) end
  end
  joinBack(ready, #ready)
  joinFront(again, #again)
end
local following = nextDue(due, scheduled, retry)
local archived = {}
for index, stranger in ipairs(strangers) do
  archived[2 * index - 1], archived[2 * index] = stranger[1], stranger[2] or ''
end
return { moved, following and string.format('%.0f', following) or '', #over, ghosts, archived }
