-- Enqueues the items of ARGV[7] of the enqueue script, with the script's names. `decideItems` reads, and leaves the items that
-- are not accepted in `refused`. `putItems` writes the others, all or none.
--- @include "able"
--- @include "due-sooner"
--- @include "keep-due"
--- @include "line"
local refused, ready, special, seen = {}, {}, {}, {}
local messages, earliest, latest, before, beforeExact, added = {}, nil, nil, nil, nil, 0

-- The values that an item's flags announce, and where the next item begins.
local function wishesOf(at, flags)
  local score, moment, group, lock, life, exact
  if flags % 2 >= 1 then score, moment, at = items[at], items[at + 1], at + 2 end
  if flags % 4 >= 2 then group, at = items[at], at + 1 end
  if flags % 8 >= 4 then lock, life, at = items[at], items[at + 1], at + 2 end
  if flags >= 8 then exact, at = items[at], at + 1 end
  return at, score, moment, group, lock, life, exact
end

-- `freed` is a lock that counts as free.
local function decideItems(freed)
  local at, position, total, locks, hasGroups = 1, 0, #items, {}, false
  while at <= total do
    local start, id, flags = at, items[at], items[at + 2]
    at = at + 3
    -- The same id may come twice in one call. The second item must find the first.
    local reason = (seen[id] or redis.call('EXISTS', taskPrefix .. id) == 1) and 0
    if flags > 0 then
      local score, moment, group, lock
      at, score, moment, group, lock = wishesOf(at, flags)
      if not reason and group and not score and read('ZCARD', groupPrefix .. group) == nil then reason = 2 end
      if not reason and lock then
        local owner = locks[lock] or lock ~= freed and read('GET', lock)
        if owner == nil then reason = 1 elseif owner then reason = owner end
      end
      if not reason then
        if lock then locks[lock] = id end
        if group then hasGroups = true end
        if score then
          if earliest == nil or moment < earliest then earliest = moment end
          if moment < score * 1000 then
            added = added + 1
            if latest == nil or moment > latest then latest = moment end
          end
        end
        special[#special + 1] = start
        if not score and not group then ready[#ready + 1] = id end
      end
    elseif not reason then
      ready[#ready + 1] = id
      messages[#ready] = items[start + 1]
    end
    if reason then
      refused[#refused + 1] = position
      refused[#refused + 1] = reason
    else
      seen[id] = true
    end
    position = position + 1
  end
  if hasGroups then mustBeSets(groups) end
  if earliest then before, beforeExact = nextDue(due, scheduled, retry) end
end

local failure

-- Runs a command. Returns whether it was carried out.
local function wrote(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return true end
  failure = answer.err
  return false
end

local function putSpecial(start)
  local id, msg, flags = items[start], items[start + 1], items[start + 2]
  local _, score, moment, group, lock, life, exact = wishesOf(start + 3, flags)
  if lock and not wrote('SET', lock, id, 'NX', 'EX', life) then return false end
  local fields
  if score then
    fields = { 'msg', msg, 'state', 'scheduled' }
    if moment < score * 1000 and not wrote('ZADD', due, moment, id) then return false end
    if not wrote('ZADD', scheduled, score, id) then return false end
  elseif group then
    fields = { 'msg', msg, 'state', 'aggregating' }
    if not wrote('ZADD', groupPrefix .. group, nowSec, id) then return false end
  else
    fields = { 'msg', msg, waitsSince(nowNs) }
  end
  if lock then fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock end
  if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
  if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
  -- The name must be there when a Go program forwards the task into its group: the Go program does not add it.
  if group and not wrote('SADD', groups, group) then return false end
  return wrote('HSET', taskPrefix .. id, unpack(fields))
end

-- List entries are written first. An entry without a body is no task, so no task is ever stored by half.
local function putAll()
  local refusal, pushed = joinBack(ready, #ready, redis.pcall)
  if refusal then
    failure = refusal.err
    return pushed
  end
  local stateField, state, sinceField, since = waitsSince(nowNs)
  for index, msg in pairs(messages) do
    if not wrote('HSET', taskPrefix .. ready[index], 'msg', msg, stateField, state, sinceField, since) then return #ready end
  end
  for _, start in ipairs(special) do
    if not putSpecial(start) then return #ready end
  end
end

-- Takes back everything written before the refusal, and ends the script with the refusal.
local function undo(pushed)
  if pushed > 0 then leaveBack(pushed) end
  for index in pairs(messages) do redis.pcall('DEL', taskPrefix .. ready[index]) end
  for _, start in ipairs(special) do
    local id = items[start]
    local _, score, _, group, lock = wishesOf(start + 3, items[start + 2])
    redis.pcall('DEL', taskPrefix .. id)
    if score then
      redis.pcall('ZREM', scheduled, id)
      redis.pcall('ZREM', due, id)
    elseif group then
      redis.pcall('ZREM', groupPrefix .. group, id)
    end
    if lock and redis.pcall('GET', lock) == id then redis.pcall('DEL', lock) end
  end
  fail(failure)
end

local function putItems()
  local pushed = putAll()
  if pushed then undo(pushed) end
  if not earliest then return end
  if latest then keepDue(due, scheduled, retry, taskPrefix, tonumber(nowSec), beforeExact, latest, added) end
  -- A server that misses it comes only a little late.
  if before == nil or earliest <= before then
    redis.pcall('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
  end
end
