-- Settles tasks of one queue under their leases, then leases waiting ones, in one step.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 exact due moments  9 paused
--      10 processed today  11 failed today  12 processed  13 failed  14 mark that refuses this server's claims
-- ARGV 1 prefix of task keys  2 now in s  3 end of life of day counters in s  4 queue  5 channel for "due sooner"
--      6 settlements, MessagePack: their ids as a list, then for each token, repeated (0 or 1), kind, attempt line and, by kind,
--        1 done: lock key            2 completed: lock key, message, kept until in s, result or false
--        3 retry: message, score in s, exact moment in ms, counted (0 or 1)
--        4 archived: message         5 handed back: nothing
--      7 how many to lease  8 end of new leases in s  9 their token  10 handled types, MessagePack: {exact}, {prefixes},
--        or empty for all  11 strict or loose where the queue is kept in order, absent otherwise
-- Returns 1 positions (from 0) of settlements that were lost  2 leased: id, message, exact times, pending since, attempts
--      lost, for each  3 unhandled types and how many  4 ids that have no body  5 whether the server was evicted (0 or 1)
--      6 ids under whose key lies something that is no task: they are archived, and what lies there is left alone
local pending, active, lease, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local archived, completed, due, paused = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local evicted = KEYS[14]
local taskPrefix, nowSec, dayEnd, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, leaseEnd, newToken, ordered = tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[11]
--- @include "attempts"
--- @include "count"
--- @include "due-sooner"
local lost, leased, unhandled, ghosts, strangers = {}, {}, {}, {}, {}

local function release(lock, id)
  if lock ~= '' and redis.pcall('GET', lock) == id then redis.call('DEL', lock) end
end

-- Here and below, constants that Redis is given are text: it writes each number with seventeen digits.
-- Takes ids out of the list of active ones. Mostly they are the ones that were leased first, which are its end. LREM looks
-- through the list once for each id, so where a good part of the list leaves it is cheaper to write down who stays.
local function leave(ids)
  local number = #ids
  if number == 0 then return end
  local leaving, staying, together = {}, {}, 0
  for _, id in ipairs(ids) do leaving[id] = true end
  for _, id in ipairs(redis.call('LRANGE', active, -number, '-1')) do
    -- Met once: an id that somebody wrote twice does not stand for another one.
    if leaving[id] == true then leaving[id], together = 'met', together + 1 end
  end
  if together == number then
    redis.call('LTRIM', active, '0', -number - 1)
    return
  end
  if number <= 8 or redis.call('LLEN', active) > number * 4 then
    for _, id in ipairs(ids) do redis.call('LREM', active, '1', id) end
    return
  end
  for _, id in ipairs(redis.call('LRANGE', active, '0', '-1')) do
    if not leaving[id] then staying[#staying + 1] = id end
  end
  redis.call('DEL', active)
  for from = 1, #staying, 1000 do
    redis.call('RPUSH', active, unpack(staying, from, math.min(from + 999, #staying)))
  end
end

if ARGV[6] ~= '' then
  local settlements = cmsgpack.unpack(ARGV[6])
  local ids, at = settlements[1], 2
  local allEnds = redis.call('ZMSCORE', lease, unpack(ids))
  local processed, failed, earliest = 0, 0, nil
  local settledIds, doneKeys = {}, {}
  local lastToken, lastEnds, lastLease
  for index, id in ipairs(ids) do
    local position = index - 1
    local token, repeated, kind, attempt =
      settlements[at], settlements[at + 1], settlements[at + 2], settlements[at + 3]
    at = at + 4
    local key = taskPrefix .. id
    -- Held only while the lease still ends when the holder wrote that it ends: a Go worker that took the task since
    -- then left another end.
    local held = redis.pcall('HGET', key, 'hk:lease')
    local ends = allEnds[index]
    if ends and (token ~= lastToken or ends ~= lastEnds) then
      lastToken, lastEnds, lastLease = token, ends, token .. ':' .. ends
    end
    local mine = ends and held == lastLease
    if mine then
      settledIds[#settledIds + 1] = id
    elseif repeated == 1 and (held == '=' .. token or (kind == 1 and redis.call('EXISTS', key) == 0)) then
      -- An earlier call did it and its answer was lost.
    else
      lost[#lost + 1] = position
    end
    if kind == 1 then
      if mine then
        doneKeys[#doneKeys + 1] = key
        processed = processed + 1
        release(settlements[at], id)
      end
      at = at + 1
    elseif kind == 2 then
      if mine then
        redis.call('ZADD', completed, settlements[at + 2], id)
        redis.call('HSET', key, 'msg', settlements[at + 1], 'state', 'completed', 'hk:lease', '=' .. token)
        redis.call('HDEL', key, 'pending_since')
        if settlements[at + 3] then redis.call('HSET', key, 'result', settlements[at + 3]) end
        addAttempt(key, attempt)
        processed = processed + 1
        release(settlements[at], id)
      end
      at = at + 4
    elseif kind == 3 then
      if mine then
        local score, moment = settlements[at + 1], settlements[at + 2]
        redis.call('ZADD', retry, score, id)
        if moment < score * 1000 then redis.call('ZADD', due, moment, id) end
        redis.call('HSET', key, 'msg', settlements[at], 'state', 'retry', 'hk:lease', '=' .. token)
        redis.call('HDEL', key, 'pending_since')
        addAttempt(key, attempt)
        if settlements[at + 3] == 1 then
          processed = processed + 1
          failed = failed + 1
        end
        if earliest == nil or moment < earliest then earliest = moment end
      end
      at = at + 4
    elseif kind == 4 then
      if mine then
        redis.call('ZADD', archived, nowSec, id)
        redis.call('HSET', key, 'msg', settlements[at], 'state', 'archived', 'hk:lease', '=' .. token)
        redis.call('HDEL', key, 'pending_since')
        addAttempt(key, attempt)
        processed = processed + 1
        failed = failed + 1
      end
      at = at + 1
    elseif mine then
      redis.call('RPUSH', pending, id)
      redis.call('HSET', key, 'state', 'pending', 'hk:lease', '=' .. token)
      addAttempt(key, attempt)
    end
  end
  leave(settledIds)
  for from = 1, #settledIds, 1000 do
    redis.call('ZREM', lease, unpack(settledIds, from, math.min(from + 999, #settledIds)))
  end
  for from = 1, #doneKeys, 1000 do redis.call('DEL', unpack(doneKeys, from, math.min(from + 999, #doneKeys))) end
  count(KEYS[10], KEYS[12], processed, dayEnd)
  count(KEYS[11], KEYS[13], failed, dayEnd)
  if earliest and nextDue(due, scheduled, retry) == earliest then
    redis.call('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
  end
end

-- Both marks in one look, since they are nearly never there.
if limit == 0 then return { lost, leased, unhandled, ghosts, 0 } end
if redis.call('EXISTS', paused, evicted) > 0 then
  return { lost, leased, unhandled, ghosts, redis.call('EXISTS', evicted) }
end

if ordered then
  local isHeld = redis.call('LLEN', active) > 0 or redis.call('ZCARD', lease) > 0
  local waits = ordered == 'strict' and redis.call('ZCARD', retry) > 0
  if isHeld or waits then return { lost, leased, unhandled, ghosts, 0 } end
  limit = 1
end

local exact, prefixes
if ARGV[10] ~= '' then
  local handled = cmsgpack.unpack(ARGV[10])
  exact, prefixes = {}, handled[2]
  for _, name in ipairs(handled[1]) do exact[name] = true end
end

-- The type is the first field of the message, and where it ends; nil when it is not, and then reading it is left to the
-- worker.
local function typeOf(msg)
  if string.byte(msg, 1) ~= 10 then return nil end
  local length, offset = string.byte(msg, 2), 3
  if length == nil then return nil end
  if length >= 128 then
    local high = string.byte(msg, 3)
    if high == nil or high >= 128 then return nil end
    length, offset = length - 128 + high * 128, 4
  end
  return string.sub(msg, offset, offset + length - 1), offset + length - 1
end

local function handles(name)
  if name == nil or exact[name] then return true end
  for _, prefix in ipairs(prefixes) do
    if string.sub(name, 1, #prefix) == prefix then return true end
  end
  return false
end

-- Tasks that wait in a row are mostly of one type: the beginning of the last message that may run.
local begins, beginsTo = nil, 0

local function mayRun(msg)
  if not exact or string.sub(msg, 1, beginsTo) == begins then return true end
  local name, ends = typeOf(msg)
  if not handles(name) then return false, name end
  if ends then begins, beginsTo = string.sub(msg, 1, ends), ends end
  return true
end

local leaseValue = newToken .. ':' .. leaseEnd
local taken, leases, unhandledCount = {}, {}, {}
-- `#` searches for the end of a list anew each time.
local takenCount, leasedSize = 0, 0

-- Looks at the last `window` ids, the next ones to run, takes what it may and leaves the rest in their order.
local function take(window)
  local ids = redis.call('LRANGE', pending, -window, '-1')
  local left, seen = {}, 0
  for index = #ids, 1, -1 do
    if takenCount >= limit then break end
    seen = seen + 1
    local id = ids[index]
    local key = taskPrefix .. id
    local found = redis.pcall('HMGET', key, 'msg', 'hk:exact', 'pending_since', 'hk:lost')
    local msg = found[1]
    if found.err then
      strangers[#strangers + 1] = id
      redis.call('ZADD', archived, nowSec, id)
    elseif not msg then
      ghosts[#ghosts + 1] = id
      redis.call('DEL', key)
    else
      local may, name = mayRun(msg)
      if not may then
        left[#left + 1] = id
        unhandledCount[name] = (unhandledCount[name] or 0) + 1
      else
        redis.call('HSET', key, 'state', 'active', 'hk:lease', leaseValue)
        leases[takenCount * 2 + 1], leases[takenCount * 2 + 2] = leaseEnd, id
        takenCount = takenCount + 1
        taken[takenCount] = id
        leased[leasedSize + 1], leased[leasedSize + 2], leased[leasedSize + 3] = id, msg, found[2]
        leased[leasedSize + 4], leased[leasedSize + 5] = found[3], found[4]
        leasedSize = leasedSize + 5
      end
    end
  end
  if seen > 0 then redis.call('LTRIM', pending, '0', -seen - 1) end
  return left, seen
end

-- Puts ids back where they were: `left` is in running order, the list ends with what runs next.
local function putBack(left, command)
  if #left == 0 then return end
  local back = {}
  for index = #left, 1, -1 do back[#back + 1] = left[index] end
  if command == 'LPUSH' then back = left end
  for from = 1, #back, 1000 do redis.call(command, pending, unpack(back, from, math.min(from + 999, #back))) end
end

local left, seen = take(limit)
if ordered then
  -- Only an id without a task may be passed over.
  for _ = 1, 100 do
    if #taken > 0 or #left > 0 or seen == 0 then break end
    left, seen = take(limit)
  end
-- Ids that can't be taken, for want of a handler or of a task, must not hide the ones behind them.
elseif (#left > 0 or #ghosts > 0 or #strangers > 0) and #taken < limit then
  local more, further = take(1000)
  for _, id in ipairs(more) do left[#left + 1] = id end
  -- Nothing to run among so many: they go behind the others, so that those get their turn.
  if #taken == 0 and further == 1000 then
    putBack(left, 'LPUSH')
    left = {}
  end
end
putBack(left, 'RPUSH')

-- A small sorted set is a flat list that every ZADD walks through twice. A member that is too long for that makes Redis
-- build the real structure, which stays when the member is gone; 100 running tasks then cost a fifth of the work less.
if #taken > 16 and redis.call('OBJECT', 'ENCODING', lease) ~= 'skiplist' then
  local long = string.rep('-', 80)
  redis.call('ZADD', lease, leaseEnd, long, leaseEnd, taken[1])
  redis.call('ZREM', lease, long)
end
for from = 1, #taken, 500 do
  local to = math.min(from + 499, #taken)
  redis.call('LPUSH', active, unpack(taken, from, to))
  redis.call('ZADD', lease, unpack(leases, from * 2 - 1, to * 2))
end
for name, number in pairs(unhandledCount) do
  unhandled[#unhandled + 1] = name
  unhandled[#unhandled + 1] = number
end
return { lost, leased, unhandled, ghosts, 0, strangers }
