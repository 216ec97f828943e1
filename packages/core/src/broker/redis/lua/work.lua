-- Settles tasks of one queue under their leases, then leases waiting ones, in one step.
-- KEYS 1 pending  2 active  3 lease  4 archived  5 paused  6 mark that refuses this server's claims  7 processed today
--      8 processed; where a settlement is no plain one, or retries keep tasks waiting:
--      9 scheduled  10 retry  11 completed  12 exact due moments  13 failed today  14 failed
-- ARGV 1 prefix of task keys  2 now in s  3 end of life of day counters in s
--      4 settlements, MessagePack: their ids as a list, their tokens as a list, of one where it is the same for all; and
--        where one of them is more than done, for the first time and without a lock, for each: repeated (0 or 1), kind,
--        attempt line and, by kind,
--        1 done: lock key            2 completed: lock key, message, kept until in s, result or false
--        3 retry: message, score in s, exact moment in ms, counted (1), survived (2), both (3) or neither (0)
--        4 archived: message         5 handed back: nothing
--      5 how many to lease  6 end of new leases in s  7 their token  8 handled types, MessagePack: {exact}, {prefixes},
--        or empty for all  9 strict or loose where the queue is kept in order, else empty
--      10 queue  11 channel for "due sooner", both where there are all keys
-- Returns what was leased: id, message, exact times, pending since, attempts lost, for each. Where there is more to say:
--      1 that  2 positions (from 0) of settlements that were lost  3 unhandled types and how many  4 ids that have no body
--      5 whether the server was evicted (0 or 1)  6 ids under whose key lies something that is no task: they are archived,
--      and what lies there is left alone
local pending, active, lease, archived, paused, evicted = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local scheduled, retry, completed, due = KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local taskPrefix, nowSec, dayEnd = ARGV[1], ARGV[2], ARGV[3]
local leaseEnd, newToken, ordered = ARGV[6], ARGV[7], ARGV[9]
--- @include "attempts"
--- @include "count"
--- @include "due-sooner"
local call, try = redis.call, redis.pcall
local lost, unhandled, ghosts, strangers = {}, {}, {}, {}
-- Tables that are made with room for what a small batch needs do not grow step by step.
local leased = {
  nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
  nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
}

local function answer(isEvicted)
  if #lost == 0 and #unhandled == 0 and #ghosts == 0 and #strangers == 0 and isEvicted == 0 then return leased end
  return { leased, lost, unhandled, ghosts, isEvicted, strangers }
end

local function release(lock, id)
  if lock ~= '' and try('GET', lock) == id then call('DEL', lock) end
end

-- Here and below, numbers that Redis is given are text: it writes each one with seventeen digits.
local function digits(number)
  return string.format('%d', number)
end

-- Takes ids out of the list of active ones. Mostly they are the ones that were leased first, which are its end, in that
-- order. LREM looks through the list once for each id, so where a good part of the list leaves it is cheaper to write
-- down who stays.
local function leave(ids, number)
  if number == 0 then return end
  local last = call('LRANGE', active, digits(-number), '-1')
  local same = 0
  while same < number and last[number - same] == ids[same + 1] do same = same + 1 end
  local leaving, together = {}, same
  if same < number then
    for index = 1, number do leaving[ids[index]] = true end
    together = 0
    for _, id in ipairs(last) do
      -- Met once: an id that somebody wrote twice does not stand for another one.
      if leaving[id] == true then leaving[id], together = 'met', together + 1 end
    end
  end
  if together == number then
    call('LTRIM', active, '0', digits(-number - 1))
    return
  end
  if number <= 8 or call('LLEN', active) > number * 4 then
    for index = 1, number do call('LREM', active, '1', ids[index]) end
    return
  end
  local staying = {}
  for _, id in ipairs(call('LRANGE', active, '0', '-1')) do
    if not leaving[id] then staying[#staying + 1] = id end
  end
  call('DEL', active)
  for from = 1, #staying, 1000 do
    call('RPUSH', active, unpack(staying, from, math.min(from + 999, #staying)))
  end
end

if ARGV[4] ~= '' then
  local settlements = cmsgpack.unpack(ARGV[4])
  local ids, tokens = settlements[1], settlements[2]
  local number, theirToken, isPlain, at = #ids, #tokens == 1 and tokens[1], settlements[3] == nil, 3
  local allEnds = call('ZMSCORE', lease, unpack(ids))
  local processed, failed, earliest = 0, 0, nil
  local settledIds, settled = { nil, nil, nil, nil, nil, nil, nil, nil }, 0
  local doneKeys, done = { nil, nil, nil, nil, nil, nil, nil, nil }, 0
  local lastToken, lastEnds, lastLease
  for index = 1, number do
    local id, token, ends = ids[index], theirToken or tokens[index], allEnds[index]
    local repeated, kind, attempt, lock = 0, 1, '', ''
    if not isPlain then
      repeated, kind, attempt = settlements[at], settlements[at + 1], settlements[at + 2]
      at = at + 3
    end
    local key = taskPrefix .. id
    -- Held only while the lease still ends when the holder wrote that it ends: a Go worker that took the task since
    -- then left another end.
    local held = try('HGET', key, 'hk:lease')
    if ends and (token ~= lastToken or ends ~= lastEnds) then
      lastToken, lastEnds, lastLease = token, ends, token .. ':' .. ends
    end
    local mine = ends and held == lastLease
    if mine then
      settled = settled + 1
      settledIds[settled] = id
    elseif repeated == 1 and (held == '=' .. token or (kind == 1 and call('EXISTS', key) == 0)) then
      -- An earlier call did it and its answer was lost.
    else
      lost[#lost + 1] = index - 1
    end
    if kind == 1 then
      if not isPlain then lock, at = settlements[at], at + 1 end
      if mine then
        done = done + 1
        doneKeys[done] = key
        processed = processed + 1
        release(lock, id)
      end
    elseif kind == 2 then
      if mine then
        call('ZADD', completed, settlements[at + 2], id)
        call('HSET', key, 'msg', settlements[at + 1], 'state', 'completed', 'hk:lease', '=' .. token)
        call('HDEL', key, 'pending_since')
        if settlements[at + 3] then call('HSET', key, 'result', settlements[at + 3]) end
        addAttempt(key, attempt)
        processed = processed + 1
        release(settlements[at], id)
      end
      at = at + 4
    elseif kind == 3 then
      if mine then
        local score, moment = settlements[at + 1], settlements[at + 2]
        call('ZADD', retry, score, id)
        if moment < score * 1000 then call('ZADD', due, moment, id) end
        call('HSET', key, 'msg', settlements[at], 'state', 'retry', 'hk:lease', '=' .. token)
        call('HDEL', key, 'pending_since')
        if settlements[at + 3] >= 2 then call('HDEL', key, 'hk:lost') end
        addAttempt(key, attempt)
        if settlements[at + 3] % 2 == 1 then
          processed = processed + 1
          failed = failed + 1
        end
        if earliest == nil or moment < earliest then earliest = moment end
      end
      at = at + 4
    elseif kind == 4 then
      if mine then
        call('ZADD', archived, nowSec, id)
        call('HSET', key, 'msg', settlements[at], 'state', 'archived', 'hk:lease', '=' .. token)
        call('HDEL', key, 'pending_since')
        addAttempt(key, attempt)
        processed = processed + 1
        failed = failed + 1
      end
      at = at + 1
    elseif mine then
      call('RPUSH', pending, id)
      call('HSET', key, 'state', 'pending', 'hk:lease', '=' .. token)
      addAttempt(key, attempt)
    end
  end
  leave(settledIds, settled)
  for from = 1, settled, 1000 do call('ZREM', lease, unpack(settledIds, from, math.min(from + 999, settled))) end
  for from = 1, done, 1000 do call('DEL', unpack(doneKeys, from, math.min(from + 999, done))) end
  count(KEYS[7], KEYS[8], processed, dayEnd)
  if failed > 0 then count(KEYS[13], KEYS[14], failed, dayEnd) end
  if earliest and nextDue(due, scheduled, retry) == earliest then
    call('PUBLISH', ARGV[11], string.format('%.0f ', earliest) .. ARGV[10])
  end
end

-- Both marks in one look, since they are nearly never there.
if ARGV[5] == '0' then return answer(0) end
if call('EXISTS', paused, evicted) > 0 then return answer(call('EXISTS', evicted)) end

local limit = tonumber(ARGV[5])
if ordered ~= '' then
  local isHeld = call('LLEN', active) > 0 or call('ZCARD', lease) > 0
  local waits = ordered == 'strict' and call('ZCARD', retry) > 0
  if isHeld or waits then return answer(0) end
  limit = 1
end

local exact, prefixes
if ARGV[8] ~= '' then
  local handled = cmsgpack.unpack(ARGV[8])
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
local taken, unhandledCount = { nil, nil, nil, nil, nil, nil, nil, nil }, {}
local leases = { nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil }
-- `#` searches for the end of a list anew each time.
local takenCount, leasedSize = 0, 0

-- Takes the last `window` ids, the next ones to run, out of the line and leases what it may. What is left is what must go
-- back there, in running order.
local function take(window)
  local ids = call('RPOP', pending, window) or {}
  local left = {}
  for index = 1, #ids do
    local id = ids[index]
    if takenCount >= limit then
      left[#left + 1] = id
    else
      local key = taskPrefix .. id
      local found = try('HMGET', key, 'msg', 'hk:exact', 'pending_since', 'hk:lost')
      local msg = found[1]
      if found.err then
        strangers[#strangers + 1] = id
        call('ZADD', archived, nowSec, id)
      elseif not msg then
        ghosts[#ghosts + 1] = id
        call('DEL', key)
      else
        local may, name = mayRun(msg)
        if not may then
          left[#left + 1] = id
          unhandledCount[name] = (unhandledCount[name] or 0) + 1
        else
          call('HSET', key, 'state', 'active', 'hk:lease', leaseValue)
          leases[takenCount * 2 + 1], leases[takenCount * 2 + 2] = leaseEnd, id
          takenCount = takenCount + 1
          taken[takenCount] = id
          leased[leasedSize + 1], leased[leasedSize + 2], leased[leasedSize + 3] = id, msg, found[2]
          leased[leasedSize + 4], leased[leasedSize + 5] = found[3], found[4]
          leasedSize = leasedSize + 5
        end
      end
    end
  end
  return left, #ids
end

-- Puts ids back where they were: `left` is in running order, the list ends with what runs next.
local function putBack(left, command)
  if #left == 0 then return end
  local back = {}
  for index = #left, 1, -1 do back[#back + 1] = left[index] end
  if command == 'LPUSH' then back = left end
  for from = 1, #back, 1000 do call(command, pending, unpack(back, from, math.min(from + 999, #back))) end
end

local left, seen = take(ordered == '' and ARGV[5] or '1')
if ordered ~= '' then
  -- Only an id without a task may be passed over.
  for _ = 1, 100 do
    if takenCount > 0 or #left > 0 or seen == 0 then break end
    left, seen = take('1')
  end
-- Ids that can't be taken, for want of a handler or of a task, must not hide the ones behind them.
elseif (#left > 0 or #ghosts > 0 or #strangers > 0) and takenCount < limit then
  local more, further = take('1000')
  for _, id in ipairs(more) do left[#left + 1] = id end
  -- Nothing to run among so many: they go behind the others, so that those get their turn.
  if takenCount == 0 and further == 1000 then
    putBack(left, 'LPUSH')
    left = {}
  end
end
putBack(left, 'RPUSH')

-- A small sorted set is a flat list that every ZADD walks through twice. A member that is too long for that makes Redis
-- build the real structure, which stays when the member is gone; 100 running tasks then cost a fifth of the work less.
if takenCount > 16 and call('OBJECT', 'ENCODING', lease) ~= 'skiplist' then
  local long = string.rep('-', 80)
  call('ZADD', lease, leaseEnd, long, leaseEnd, taken[1])
  call('ZREM', lease, long)
end
for from = 1, takenCount, 500 do
  local to = math.min(from + 499, takenCount)
  call('LPUSH', active, unpack(taken, from, to))
  call('ZADD', lease, unpack(leases, from * 2 - 1, to * 2))
end
for name, number in pairs(unhandledCount) do
  unhandled[#unhandled + 1] = name
  unhandled[#unhandled + 1] = number
end
return answer(0)
