-- Settles tasks of one queue under their leases, then leases waiting ones, in one step.
-- KEYS 1 pending  2 active  3 lease  4 archived  5 paused  6 mark that refuses this server's claims  7 processed today
--      8 processed  9 policy of the queue; where a settlement is no plain one:
--      10 scheduled  11 retry  12 completed  13 exact due moments  14 failed today  15 failed
-- ARGV 1 prefix of task keys  2 now in s  3 end of life of day counters in s
--      4 settlements, MessagePack: their ids as a list, their tokens as a list, of one where it is the same for all; and
--        where one of them is more than done, for the first time and without a lock, for each: repeated (0 or 1), kind,
--        attempt line (or a list: that, progress or empty, number of the first log line, how many, the lines) and, by kind,
--        1 done: lock key            2 completed: lock key, message, kept until in s, result or false
--        3 retry: message, score in s, exact moment in ms, counted (1), survived (2), both (3) or neither (0)
--        4 archived: message         5 handed back: nothing
--      5 how many to lease  6 end of new leases in s  7 their token  8 handled types, MessagePack: {exact}, {prefixes},
--        or empty for all  9 the policy that the claimer's queue was declared with, or empty
--      10 queue  11 channel for "due sooner", both where there are all keys
-- Returns what was leased: id, message, exact times, pending since, attempts lost, for each. Where there is more to say:
--      1 that  2 positions (from 0) of settlements that were lost  3 unhandled types and how many  4 ids that have no body
--      5 whether the server was evicted (0 or 1)  6 ids under whose key lies something that is no task: they are archived,
--      and what lies there is left alone  7 why nothing may be taken though tasks wait: paused, held, or policy and the one
--      that the store has; else empty
local pending, active, lease, archived, paused, evicted = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local policy, scheduled, retry, completed, due = KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local taskPrefix, nowSec, dayEnd = ARGV[1], ARGV[2], ARGV[3]
local leaseEnd, newToken, expected = ARGV[6], ARGV[7], ARGV[9]
local call, try = redis.call, redis.pcall
local lost, unhandled, ghosts, strangers = {}, {}, {}, {}
-- Tables are made with room for a small batch, so they do not grow step by step.
local leased = {
  nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
  nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
}

local function answer(isEvicted, closed)
  if #lost == 0 and #unhandled == 0 and #ghosts == 0 and #strangers == 0 and isEvicted == 0 and not closed then return leased end
  return { leased, lost, unhandled, ghosts, isEvicted, strangers, closed or '' }
end

-- Numbers go to Redis as text: Redis itself would write each one with seventeen digits.
local function digits(number)
  return string.format('%d', number)
end

-- Settling and claiming each read first. Then they write in an order in which everything before a refused command can be taken
-- back: the first command of a kind is the one that is refused. If no such order exists, `check` asks before. Commands that a
-- server without memory allows come first: it refuses nothing later, so workers go on and make room.

local function stop(refusal)
  error(redis.acl_check_cmd and { err = refusal.err } or refusal.err, 0)
end

local function isRefused(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

-- A key of another type concerns one task only. Any other refusal concerns all.
local function mustBeOtherType(refusal)
  if not string.find(refusal.err, 'WRONGTYPE', 1, true) then stop(refusal) end
end

local function check(list, sortedSets, ...)
--- @include "able"
  if list then mustBeLists(list) end
  mustBeSortedSets(unpack(sortedSets))
  mustBeAble(taskPrefix, ...)
end

--- @include "leases"
--- @include "leave-line"

-- Puts ids in line. Most calls never do, and need none of the functions for it. `stay`: the ids were only looked at.
local function putInLine(how, ids, size, refusable)
--- @include "line"
  if how == 'join front' then return joinFront(ids, size, refusable) end
  if how == 'stay front' then return stayFront(ids, size, refusable) end
  return stayBack(ids, size, refusable)
end

if ARGV[4] ~= '' then
  local settlements = cmsgpack.unpack(ARGV[4])
  local ids, tokens = settlements[1], settlements[2]
  local number, theirToken, isPlain, at = #ids, #tokens == 1 and tokens[1], settlements[3] == nil, 3
  local allEnds = call('ZMSCORE', lease, unpack(ids))
  local settledIds, settled = { nil, nil, nil, nil, nil, nil, nil, nil }, 0
  local doneKeys, done = { nil, nil, nil, nil, nil, nil, nil, nil }, 0
  -- Settlements that are more than done, by place and by id; whether one is handed back; of how many kinds the others are.
  local acts, acted
  local handsBack, kinds, lastKind = false, 0, nil
  local processed, failed = 0, 0
  local earliest, latest, exactMoments = nil, nil, 0
  local lastToken, lastEnds, lastLease

  -- The lease is held only while it ends when the holder wrote that it ends. A Go worker that took the task since then left
  -- another end.
  if isPlain then
    for index = 1, number do
      local id, token, ends = ids[index], theirToken or tokens[index], allEnds[index]
      local key = taskPrefix .. id
      local held = try('HGET', key, 'hk:lease')
      if ends and (token ~= lastToken or ends ~= lastEnds) then
        lastToken, lastEnds, lastLease = token, ends, token .. ':' .. ends
      end
      if ends and held == lastLease then
        settled = settled + 1
        settledIds[settled], doneKeys[settled] = id, key
      else
        if isRefused(held) then mustBeOtherType(held) end
        lost[#lost + 1] = index - 1
      end
    end
    done, processed = settled, settled
  else
    -- How many values follow the first three of a settlement, by kind.
    local sizes = { 1, 4, 4, 1, 0 }
    for index = 1, number do
      local id, token, ends = ids[index], theirToken or tokens[index], allEnds[index]
      local repeated, kind, attempt = settlements[at], settlements[at + 1], settlements[at + 2]
      local key, from = taskPrefix .. id, at + 3
      local held = try('HGET', key, 'hk:lease')
      at = from + sizes[kind]
      if ends and (token ~= lastToken or ends ~= lastEnds) then
        lastToken, lastEnds, lastLease = token, ends, token .. ':' .. ends
      end
      if ends and held == lastLease and not (acted and acted[id]) then
        settled = settled + 1
        settledIds[settled] = id
        local lock = kind <= 2 and settlements[from] or ''
        if lock ~= '' then
          local owner = try('GET', lock)
          if owner == id then
            done = done + 1
            doneKeys[done] = lock
          elseif isRefused(owner) then
            mustBeOtherType(owner)
          end
        end
        if kind == 1 then
          done = done + 1
          doneKeys[done] = key
        else
          if not acts then acts, acted = {}, number > 1 and {} end
          acts[#acts + 1] = { id, key, kind, from, attempt, token, lastLease }
          if acted then acted[id] = true end
          if kind == 5 then
            handsBack = true
          elseif kind ~= lastKind then
            kinds, lastKind = kinds + 1, kind
          end
        end
        if kind <= 2 then
          processed = processed + 1
        elseif kind == 4 then
          processed, failed = processed + 1, failed + 1
        elseif kind == 3 then
          local score, moment = settlements[from + 1], settlements[from + 2]
          if earliest == nil or moment < earliest then earliest = moment end
          if moment < score * 1000 then
            exactMoments = exactMoments + 1
            if latest == nil or moment > latest then latest = moment end
          end
          if settlements[from + 3] % 2 == 1 then processed, failed = processed + 1, failed + 1 end
        end
      elseif repeated == 1 and (held == '=' .. token or (kind == 1 and call('EXISTS', key) == 0)) then
        -- An earlier call settled it, and its answer was lost.
      else
        if isRefused(held) then mustBeOtherType(held) end
        lost[#lost + 1] = index - 1
      end
    end
  end

  local before, beforeExact
  if acts then
    if earliest then
--- @include "due-sooner"
      before, beforeExact = nextDue(due, scheduled, retry)
    end
    -- With one kind, the first settlement meets every possible refusal. With several, nothing may be refused after the first kind.
    if kinds > 1 then
      for _, key in ipairs({ completed, retry, archived }) do call('ZCARD', key) end
    end
    if done > 0 then call('DEL', taskPrefix) end
  end

  local reply
  if settled > 0 then
    local isChanged
    reply, isChanged = endLeases(settledIds, settled, acts and lastEnds)
    if reply and not isChanged then stop(reply) end
  end
  if acts and not reply then
--- @include "attempts"
    -- First the tasks that are handed back, since all of that can be taken back. The first task of each part proves the others.
    for pass = handsBack and 1 or 2, 2 do
      local proven = false
      for _, act in ipairs(acts) do
        local id, key, kind, from = act[1], act[2], act[3], act[4]
        if isRefused(reply) then break end
        if (kind == 5) == (pass == 1) then
          local fields = { 'hk:lease', '=' .. act[6], 'state', nil, nil, nil, nil, nil, nil, nil }
          local size, target, score, moment = 6, nil, nil, nil
          if kind == 5 then
            fields[4], size = 'pending', 4
            reply = putInLine('join front', { id }, 1, try)
          else
            fields[5] = 'msg'
            if kind == 2 then
              target, score = completed, settlements[from + 2]
              fields[4], fields[6] = 'completed', settlements[from + 1]
              if settlements[from + 3] then fields[7], fields[8], size = 'result', settlements[from + 3], 8 end
            elseif kind == 3 then
              target, score, moment = retry, settlements[from + 1], settlements[from + 2]
              fields[4], fields[6] = 'retry', settlements[from]
            else
              target, score = archived, nowSec
              fields[4], fields[6] = 'archived', settlements[from]
            end
            reply = try('HDEL', key, 'pending_since')
            if proven or not isRefused(reply) then reply = try('ZADD', target, score, id) end
            if moment and moment < score * 1000 and (proven or not isRefused(reply)) then reply = try('ZADD', due, moment, id) end
          end
          if proven or not isRefused(reply) then
            local report = type(act[5]) == 'table' and act[5]
            local attempts = attemptsWith(key, report and report[1] or act[5])
            if attempts then fields[size + 1], fields[size + 2], size = 'hk:attempts', attempts, size + 2 end
            if report then
--- @include "report"
              size = addReport(fields, size, key, act[6], report[2], tonumber(report[3]), tonumber(report[4]), report[5])
            end
            reply = try('HSET', key, unpack(fields, 1, size))
            if kind == 3 and settlements[from + 3] >= 2 and (proven or not isRefused(reply)) then call('HDEL', key, 'hk:lost') end
          end
          if not proven and isRefused(reply) and kind ~= 5 then
            try('ZREM', target, id)
            if kind == 3 then try('ZREM', due, id) end
          end
          proven = true
        end
      end
    end
  end
  if done > 0 and not isRefused(reply) then reply = try('DEL', unpack(doneKeys, 1, done)) end
  if isRefused(reply) then
--- @include "resume-leases"
    for _, act in ipairs(acts or {}) do
      if act[3] == 5 then
        leaveLine(act[1], '-1', try)
        holdAgain(act[2], act[7])
      end
    end
    resumeLeases(settledIds, settled, ids, allEnds)
    stop(reply)
  end
  if latest then
--- @include "keep-due"
    keepDue(due, scheduled, retry, taskPrefix, tonumber(nowSec), beforeExact, latest, exactMoments)
  end
  -- A server that misses it comes only a little late.
  if earliest and (before == nil or earliest <= before) then
    try('PUBLISH', ARGV[11], string.format('%.0f ', earliest) .. ARGV[10])
  end
  if processed > 0 then
--- @include "count"
    count(KEYS[7], KEYS[8], processed, dayEnd)
    if failed > 0 then count(KEYS[14], KEYS[15], failed, dayEnd) end
  end
end

if ARGV[5] == '0' then return answer(0) end
local limit, isInOrder = tonumber(ARGV[5]), false
-- One look for all marks, since they are nearly never there.
if call('EXISTS', paused, evicted, policy) > 0 or expected ~= '' then
  if call('EXISTS', paused, evicted) > 0 then
    local isEvicted = call('EXISTS', evicted)
    return answer(isEvicted, isEvicted == 0 and call('LLEN', pending) > 0 and 'paused')
  end
  local stored = try('GET', policy)
  if isRefused(stored) then
    mustBeOtherType(stored)
    stored = 'of another type'
  end
  -- A claim alone gets only the keys that it mostly needs.
  retry = retry or string.sub(taskPrefix, 1, -3) .. 'retry'
--- @include "policy"
  local closed
  closed, isInOrder = closedBy(stored or '', expected)
  if closed == 'held' and call('LLEN', pending) == 0 then return answer(0) end
  if closed then return answer(0, closed) end
  if isInOrder then limit = 1 end
end

local exact, prefixes
if ARGV[8] ~= '' then
  local handled = cmsgpack.unpack(ARGV[8])
  exact, prefixes = {}, handled[2]
  for _, name in ipairs(handled[1]) do exact[name] = true end
end

-- The type, which is the first field of the message, and where it ends. Nil when it is not the first field: then the worker
-- reads it.
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

-- The beginning of the last message that may run. Tasks that wait in a row are mostly of one type.
local begins, beginsTo = nil, 0

local function mayRun(msg)
  if not exact or string.sub(msg, 1, beginsTo) == begins then return true end
  local name, ends = typeOf(msg)
  if not handles(name) then return false, name end
  if ends then begins, beginsTo = string.sub(msg, 1, ends), ends end
  return true
end

local leaseValue = newToken .. ':' .. leaseEnd
local taken, unhandledCount, left = { nil, nil, nil, nil, nil, nil, nil, nil }, {}, {}
-- Sizes are counted, because `#` searches for the end of a list each time.
local takenCount, leasedSize, seen, looks = 0, 0, 0, {}

-- Looks at the next `window` ids, at the end of the list, in running order. Sorts them into those to take and those that
-- stay. Returns how many there were.
local function look(window)
  local ids = call('LRANGE', pending, digits(-seen - window), digits(-seen - 1))
  looks[#looks + 1] = ids
  for index = #ids, 1, -1 do
    local id = ids[index]
    if takenCount >= limit then
      left[#left + 1] = id
    else
      local key = taskPrefix .. id
      local found = try('HMGET', key, 'msg', 'hk:exact', 'pending_since', 'hk:lost')
      local msg = found[1]
      if found.err then
        mustBeOtherType(found)
        strangers[#strangers + 1] = id
      elseif not msg then
        ghosts[#ghosts + 1] = id
      else
        local may, name = mayRun(msg)
        if not may then
          left[#left + 1] = id
          unhandledCount[name] = (unhandledCount[name] or 0) + 1
        else
          takenCount = takenCount + 1
          taken[takenCount] = id
          leased[leasedSize + 1], leased[leasedSize + 2], leased[leasedSize + 3] = id, msg, found[2]
          leased[leasedSize + 4], leased[leasedSize + 5] = found[3], found[4]
          leasedSize = leasedSize + 5
        end
      end
    end
  end
  seen = seen + #ids
  return #ids
end

local isFruitless = false
local first = look(limit)
if isInOrder then
  -- Only ids without a task may be passed over.
  for _ = 1, 100 do
    if takenCount > 0 or #left > 0 or first == 0 then break end
    first = look(1)
  end
-- Ids that can't be taken, because the handler or the task is missing, must not hide the ids behind them.
elseif (#left > 0 or #ghosts > 0 or #strangers > 0) and takenCount < limit then
  -- Nothing to run among so many ids. They go behind the others, so that the others get their turn.
  isFruitless = look(1000) == 1000 and takenCount == 0
end

local leaves = takenCount > 0 or #ghosts > 0 or #strangers > 0 or isFruitless
if leaves and #left + #ghosts + #strangers > 0 then
  check(nil, { #strangers > 0 and archived or nil }, isFruitless and 'LPUSH' or 'RPUSH', 'DEL', 'ZADD')
end
if leaves then leaveFront(seen) end
if takenCount > 0 then
  local refusal = beginLeases(taken, takenCount, leaseEnd, leaseValue)
  if refusal then
    local looked = {}
    for _, ids in ipairs(looks) do
      for index = #ids, 1, -1 do looked[#looked + 1] = ids[index] end
    end
    putInLine('stay front', looked, #looked, try)
    stop(refusal)
  end
end
if leaves and #left > 0 then
  putInLine(isFruitless and 'stay back' or 'stay front', left, #left)
end
for _, id in ipairs(ghosts) do call('DEL', taskPrefix .. id) end
for _, id in ipairs(strangers) do call('ZADD', archived, nowSec, id) end
for name, number in pairs(unhandledCount) do
  unhandled[#unhandled + 1] = name
  unhandled[#unhandled + 1] = number
end
return answer(0)
