// Generated from *.lua by `npm run generate`; do not edit.

export const announceLua = `-- Writes what a server says of itself and of its busy workers.
-- KEYS 1 server  2 its workers  3 its details   ARGV 1 life in s  2 server  3 details or empty  4.. task id, worker, for each
local server, workers, details = KEYS[1], KEYS[2], KEYS[3]
local life = ARGV[1]
redis.call('SET', server, ARGV[2], 'EX', life)
if ARGV[3] ~= '' then redis.call('SET', details, ARGV[3], 'EX', life) end
redis.call('DEL', workers)
for index = 4, #ARGV, 2 do redis.call('HSET', workers, ARGV[index], ARGV[index + 1]) end
redis.call('EXPIRE', workers, life)
return 1
`;

export const enqueueLua = `-- Writes new tasks of one queue, each one whole or not at all.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ns  4 now in s  5 queue  6 channel for "due sooner"
--      7 items, MessagePack: for each id, message, flags and then, by flag,
--        1 scheduled: score in s, exact moment in ms    2 group: its name
--        4 unique: lock key, its life in s              8 exact times of the message
-- Returns what was not accepted: position (from 0), then 0 for a taken id or the id of the lock's owner
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local items = cmsgpack.unpack(ARGV[7])
-- The moment (milliseconds) of the first task that waits, or nil. Exact moments lie in their own set; a score of the
-- other sets is the whole second at or after it.
local function nextDue(dueKey, scheduledKey, retryKey)
  local first
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  if exact[2] then first = tonumber(exact[2]) end
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first
end
local refused, ready, earliest = {}, {}, nil
local at, position, total = 1, 0, #items
while at <= total do
  local id, msg, flags = items[at], items[at + 1], items[at + 2]
  at = at + 3
  local key = taskPrefix .. id
  if flags == 0 then
    if redis.call('EXISTS', key) == 1 then
      refused[#refused + 1] = position
      refused[#refused + 1] = 0
    else
      redis.call('HSET', key, 'msg', msg, 'state', 'pending', 'pending_since', nowNs)
      ready[#ready + 1] = id
    end
  else
    local score, moment, group, lock, life, exact
    if flags % 2 >= 1 then score, moment, at = items[at], items[at + 1], at + 2 end
    if flags % 4 >= 2 then group, at = items[at], at + 1 end
    if flags % 8 >= 4 then lock, life, at = items[at], items[at + 1], at + 2 end
    if flags >= 8 then exact, at = items[at], at + 1 end
    local owner = false
    if redis.call('EXISTS', key) == 1 then
      owner = 0
    elseif lock and not redis.call('SET', lock, id, 'NX', 'EX', life) then
      owner = redis.call('GET', lock)
    end
    if owner then
      refused[#refused + 1] = position
      refused[#refused + 1] = owner
    else
      local fields = { 'msg', msg, 'state', 'pending' }
      if lock then fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock end
      if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
      if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
      if score then
        fields[4] = 'scheduled'
        if moment < score * 1000 then redis.call('ZADD', due, moment, id) end
        redis.call('ZADD', scheduled, score, id)
        -- The name must be there when the task is forwarded into its group by a Go program, which does not add it.
        if group then redis.call('SADD', groups, group) end
        if earliest == nil or moment < earliest then earliest = moment end
      elseif group then
        fields[4] = 'aggregating'
        redis.call('ZADD', groupPrefix .. group, nowSec, id)
        redis.call('SADD', groups, group)
      else
        fields[#fields + 1] = 'pending_since'
        fields[#fields + 1] = nowNs
        ready[#ready + 1] = id
      end
      redis.call('HSET', key, unpack(fields))
    end
  end
  -- Twice the same id in one call: the second one must find the first.
  position = position + 1
end
for from = 1, #ready, 1000 do
  redis.call('LPUSH', pending, unpack(ready, from, math.min(from + 999, #ready)))
end
if earliest and nextDue(due, scheduled, retry) == earliest then
  redis.call('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
end
return refused
`;

export const extendLua = `-- Moves the end of leases further out; leaves alone what the caller does not hold any more.
-- KEYS 1 lease
-- ARGV 1 prefix of task keys  2 new end in s  3.. id, token, for each
-- Returns positions (from 0) of the leases that were lost
local lease = KEYS[1]
local taskPrefix, newEnd = ARGV[1], ARGV[2]
local lost = {}
for index = 3, #ARGV, 2 do
  local id, token = ARGV[index], ARGV[index + 1]
  local key = taskPrefix .. id
  local ends = redis.call('ZSCORE', lease, id)
  if ends and redis.call('HGET', key, 'hk:lease') == token .. ':' .. ends then
    redis.call('ZADD', lease, newEnd, id)
    redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  else
    lost[#lost + 1] = (index - 3) / 2
  end
end
return lost
`;

export const forwardDueLua = `-- Moves tasks whose moment has come to their queue or group, none early.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ms  4 now in s  5 now in ns  6 limit
-- Returns 1 how many were moved  2 the next due moment in ms as text, or empty
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowMs, nowSec, nowNs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit = tonumber(ARGV[6])
-- The moment (milliseconds) of the first task that waits, or nil. Exact moments lie in their own set; a score of the
-- other sets is the whole second at or after it.
local function nextDue(dueKey, scheduledKey, retryKey)
  local first
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  if exact[2] then first = tonumber(exact[2]) end
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first
end
local ready, moved = {}, 0

local function move(source, id)
  local key = taskPrefix .. id
  local found = redis.call('HMGET', key, 'state', 'group', 'msg')
  redis.call('ZREM', source, id)
  moved = moved + 1
  -- An id without a body can't run; leaving it out is all that can be done for it.
  if not found[3] then
    redis.call('DEL', key)
  elseif found[2] and found[2] ~= '' then
    redis.call('ZADD', groupPrefix .. found[2], nowSec, id)
    redis.call('SADD', groups, found[2])
    redis.call('HSET', key, 'state', 'aggregating')
  else
    redis.call('HSET', key, 'state', 'pending', 'pending_since', nowNs)
    ready[#ready + 1] = id
  end
end

local exact = redis.call('ZRANGEBYSCORE', due, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, limit)
for index = 1, #exact, 2 do
  local id = exact[index]
  local second = math.ceil(tonumber(exact[index + 1]) / 1000)
  redis.call('ZREM', due, id)
  -- The set's second must still be the one that was written with the exact moment, else others have moved the task.
  if tonumber(redis.call('ZSCORE', scheduled, id) or -1) == second then
    move(scheduled, id)
  elseif tonumber(redis.call('ZSCORE', retry, id) or -1) == second then
    move(retry, id)
  end
end
for _, source in ipairs({ scheduled, retry }) do
  if moved < limit then
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', source, '-inf', nowSec, 'LIMIT', 0, limit - moved)) do
      redis.call('ZREM', due, id)
      move(source, id)
    end
  end
end
for from = 1, #ready, 1000 do
  redis.call('LPUSH', pending, unpack(ready, from, math.min(from + 999, #ready)))
end
local following = nextDue(due, scheduled, retry)
return { moved, following and string.format('%.0f', following) or '' }
`;

export const queueNumbersLua = `-- The numbers of one queue at one moment.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 archived  6 completed  7 groups  8 paused
--      9 processed today  10 failed today  11 processed  12 failed
-- ARGV 1 prefix of task keys  2 prefix of group keys
-- Returns paused, then the six sizes, aggregating, the four counters, and since when the next task waits (ns) or empty
local aggregating = 0
for _, group in ipairs(redis.call('SMEMBERS', KEYS[7])) do
  aggregating = aggregating + redis.call('ZCARD', ARGV[2] .. group)
end
local since = ''
local head = redis.call('LRANGE', KEYS[1], -1, -1)[1]
if head then since = redis.call('HGET', ARGV[1] .. head, 'pending_since') or '' end
return {
  redis.call('EXISTS', KEYS[8]),
  redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), aggregating,
  redis.call('GET', KEYS[9]) or '0', redis.call('GET', KEYS[10]) or '0',
  redis.call('GET', KEYS[11]) or '0', redis.call('GET', KEYS[12]) or '0',
  since,
}
`;

export const readTasksLua = `-- Reads tasks whole.
-- KEYS 1 lease  2 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of container keys  3.. ids
-- Returns for each id: message (false where there is no task), state, pending since, result, exact times, attempts,
--   lease value, lease end, score in the container of its state, exact due moment in ms
local result = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local found = redis.call('HMGET', ARGV[1] .. id, 'msg', 'state', 'pending_since', 'result', 'hk:exact', 'hk:attempts', 'hk:lease')
  local state, score = found[2], false
  if state == 'scheduled' or state == 'retry' or state == 'archived' or state == 'completed' then
    score = redis.call('ZSCORE', ARGV[2] .. state, id)
  end
  found[8] = state == 'active' and redis.call('ZSCORE', KEYS[1], id) or false
  found[9] = score
  found[10] = (state == 'scheduled' or state == 'retry') and redis.call('ZSCORE', KEYS[2], id) or false
  result[#result + 1] = found
end
return result
`;

export const setAsideLua = `-- Archives tasks that can't be read, exactly as they are, under the caller's lease.
-- KEYS 1 active  2 lease  3 archived
-- ARGV 1 prefix of task keys  2 now in s  3 token  4 reason  5.. ids   Returns how many were archived
local active, lease, archived = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, nowSec, token, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local moved = 0
for index = 5, #ARGV do
  local id = ARGV[index]
  local key = taskPrefix .. id
  local ends = redis.call('ZSCORE', lease, id)
  if ends and redis.call('HGET', key, 'hk:lease') == token .. ':' .. ends then
    redis.call('LREM', active, 1, id)
    redis.call('ZREM', lease, id)
    redis.call('ZADD', archived, nowSec, id)
    redis.call('HSET', key, 'state', 'archived', 'hk:reason', reason)
    redis.call('HDEL', key, 'hk:lease')
    moved = moved + 1
  end
end
return moved
`;

export const sweepLua = `-- Removes completed tasks past their retention and archived ones that are too old or too many, with bodies and locks.
-- KEYS 1 completed  2 archived
-- ARGV 1 prefix of task keys  2 now in s  3 oldest second kept in the archive  4 most tasks kept there  5 limit
-- Returns 1 completed removed  2 archived removed
local completed, archived = KEYS[1], KEYS[2]
local taskPrefix, nowSec, oldest, most, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

local function remove(source, ids)
  for _, id in ipairs(ids) do
    local key = taskPrefix .. id
    local lock = redis.call('HGET', key, 'unique_key')
    if lock and lock ~= '' and redis.call('GET', lock) == id then redis.call('DEL', lock) end
    redis.call('DEL', key)
    redis.call('ZREM', source, id)
  end
  return #ids
end

local gone = remove(completed, redis.call('ZRANGEBYSCORE', completed, '-inf', nowSec, 'LIMIT', 0, limit))
local dropped = 0
if gone < limit then
  dropped = remove(archived, redis.call('ZRANGEBYSCORE', archived, '-inf', '(' .. oldest, 'LIMIT', 0, limit - gone))
end
local surplus = math.min(redis.call('ZCARD', archived) - most, limit - gone - dropped)
if surplus > 0 then dropped = dropped + remove(archived, redis.call('ZRANGE', archived, 0, surplus - 1)) end
return { gone, dropped }
`;

export const takeOverLua = `-- Leases tasks whose lease ran out to the caller. A lease that one of our servers wrote is over when it ends; one that a
-- Go server wrote only after a margin, since its clock may differ and it does not say whose it is.
-- KEYS 1 active  2 lease
-- ARGV 1 prefix of task keys  2 now in s  3 end of Go's leases before which they are over, in s  4 limit
--      5 end of the new leases in s  6 their token
-- Returns 1 leased: id, message, exact times, attempts lost, lease value before, for each  2 ids that have no body
local active, lease = KEYS[1], KEYS[2]
local taskPrefix, nowSec, foreignEnd, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local leaseEnd, newToken = ARGV[5], ARGV[6]
local leased, ghosts, taken = {}, {}, 0
local expired = redis.call('ZRANGEBYSCORE', lease, '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, 1000)
for index = 1, #expired, 2 do
  if taken >= limit then break end
  local id, ends = expired[index], expired[index + 1]
  local key = taskPrefix .. id
  local found = redis.call('HMGET', key, 'msg', 'state', 'hk:exact', 'hk:lease')
  local msg, state, held = found[1], found[2], found[4]
  local ours = held and string.sub(held, -#ends - 1) == ':' .. ends
  if ours or tonumber(ends) <= foreignEnd then
    if not msg then
      redis.call('ZREM', lease, id)
      redis.call('LREM', active, 0, id)
      redis.call('DEL', key)
      ghosts[#ghosts + 1] = id
    elseif state ~= 'active' then
      -- Somebody moved it on and left the lease behind.
      redis.call('ZREM', lease, id)
    else
      if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
      redis.call('ZADD', lease, leaseEnd, id)
      redis.call('HSET', key, 'hk:lease', newToken .. ':' .. leaseEnd)
      local lost = redis.call('HINCRBY', key, 'hk:lost', 1)
      taken = taken + 1
      local size = #leased
      leased[size + 1], leased[size + 2], leased[size + 3] = id, msg, found[3]
      leased[size + 4], leased[size + 5] = lost, ours and held
    end
  end
end
return { leased, ghosts }
`;

export const workLua = `-- Settles tasks of one queue under their leases, then leases waiting ones, in one step.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 exact due moments  9 paused
--      10 processed today  11 failed today  12 processed  13 failed
-- ARGV 1 prefix of task keys  2 now in s  3 end of life of day counters in s  4 queue  5 channel for "due sooner"
--      6 settlements, MessagePack: for each id, token, repeated (0 or 1), kind, attempt line and then, by kind,
--        1 done: lock key            2 completed: lock key, message, kept until in s, result or false
--        3 retry: message, score in s, exact moment in ms, counted (0 or 1)
--        4 archived: message         5 handed back: nothing
--      7 how many to lease  8 end of new leases in s  9 their token  10 handled types, MessagePack: {exact}, {prefixes},
--        or empty for all
-- Returns 1 positions (from 0) of settlements that were lost  2 leased: id, message, exact times, pending since, attempts
--      lost, for each  3 unhandled types and how many  4 ids that have no body
local pending, active, lease, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local archived, completed, due, paused = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local taskPrefix, nowSec, dayEnd, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, leaseEnd, newToken = tonumber(ARGV[7]), ARGV[8], ARGV[9]
-- Appends one line to the attempt history of a task and keeps the newest 20.
local function addAttempt(key, line)
  if line == '' then return end
  local lines = redis.call('HGET', key, 'hk:attempts')
  if lines then
    line = lines .. '\\n' .. line
    local _, breaks = string.gsub(line, '\\n', '')
    while breaks >= 20 do
      line = string.sub(line, string.find(line, '\\n', 1, true) + 1)
      breaks = breaks - 1
    end
  end
  redis.call('HSET', key, 'hk:attempts', line)
end
-- Adds to a day's counter and to the total. The day's counter gets its end of life with the first increment only; a
-- total that can't grow any more starts again, as Asynq's does.
local function count(dayKey, totalKey, amount, dayEnd)
  if amount == 0 then return end
  if redis.call('INCRBY', dayKey, amount) == amount then redis.call('EXPIREAT', dayKey, dayEnd) end
  local grown = redis.pcall('INCRBY', totalKey, amount)
  if type(grown) == 'table' and grown.err then redis.call('SET', totalKey, amount) end
end
-- The moment (milliseconds) of the first task that waits, or nil. Exact moments lie in their own set; a score of the
-- other sets is the whole second at or after it.
local function nextDue(dueKey, scheduledKey, retryKey)
  local first
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  if exact[2] then first = tonumber(exact[2]) end
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first
end
local lost, leased, unhandled, ghosts = {}, {}, {}, {}

local function release(lock, id)
  if lock ~= '' and redis.call('GET', lock) == id then redis.call('DEL', lock) end
end

if ARGV[6] ~= '' then
  local settlements = cmsgpack.unpack(ARGV[6])
  local at, position, total = 1, 0, #settlements
  local processed, failed, earliest = 0, 0, nil
  local settledIds, doneKeys = {}, {}
  while at <= total do
    local id, token, repeated, kind, attempt =
      settlements[at], settlements[at + 1], settlements[at + 2], settlements[at + 3], settlements[at + 4]
    at = at + 5
    local key = taskPrefix .. id
    -- Held only while the lease still ends when the holder wrote that it ends: a Go worker that took the task since
    -- then left another end.
    local held = redis.call('HGET', key, 'hk:lease')
    local ends = held and redis.call('ZSCORE', lease, id)
    local mine = ends and held == token .. ':' .. ends
    if mine then
      redis.call('LREM', active, 1, id)
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
    position = position + 1
  end
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

if limit == 0 or redis.call('EXISTS', paused) == 1 then return { lost, leased, unhandled, ghosts } end

local exact, prefixes
if ARGV[10] ~= '' then
  local handled = cmsgpack.unpack(ARGV[10])
  exact, prefixes = {}, handled[2]
  for _, name in ipairs(handled[1]) do exact[name] = true end
end

-- The type is the first field of the message; nil when it is not, and then reading it is left to the worker.
local function typeOf(msg)
  if string.byte(msg, 1) ~= 10 then return nil end
  local length, offset = string.byte(msg, 2), 3
  if length == nil then return nil end
  if length >= 128 then
    local high = string.byte(msg, 3)
    if high == nil or high >= 128 then return nil end
    length, offset = length - 128 + high * 128, 4
  end
  return string.sub(msg, offset, offset + length - 1)
end

local function handles(name)
  if name == nil or exact[name] then return true end
  for _, prefix in ipairs(prefixes) do
    if string.sub(name, 1, #prefix) == prefix then return true end
  end
  return false
end

local leaseValue = newToken .. ':' .. leaseEnd
local taken, leases, unhandledCount = {}, {}, {}

-- Looks at the last \`window\` ids, the next ones to run, takes what it may and leaves the rest in their order.
local function take(window)
  local ids = redis.call('LRANGE', pending, -window, -1)
  local left, seen = {}, 0
  for index = #ids, 1, -1 do
    if #taken >= limit then break end
    seen = seen + 1
    local id = ids[index]
    local key = taskPrefix .. id
    local found = redis.call('HMGET', key, 'msg', 'hk:exact', 'pending_since', 'hk:lost')
    local msg = found[1]
    if not msg then
      ghosts[#ghosts + 1] = id
      redis.call('DEL', key)
    else
      local name = exact and typeOf(msg)
      if exact and not handles(name) then
        left[#left + 1] = id
        unhandledCount[name] = (unhandledCount[name] or 0) + 1
      else
        redis.call('HSET', key, 'state', 'active', 'hk:lease', leaseValue)
        if found[3] then redis.call('HDEL', key, 'pending_since') end
        taken[#taken + 1] = id
        leases[#leases + 1] = leaseEnd
        leases[#leases + 1] = id
        local size = #leased
        leased[size + 1], leased[size + 2], leased[size + 3] = id, msg, found[2]
        leased[size + 4], leased[size + 5] = found[3], found[4]
      end
    end
  end
  if seen > 0 then redis.call('LTRIM', pending, 0, -seen - 1) end
  return left, seen
end

-- Puts ids back where they were: \`left\` is in running order, the list ends with what runs next.
local function putBack(left, command)
  if #left == 0 then return end
  local back = {}
  for index = #left, 1, -1 do back[#back + 1] = left[index] end
  if command == 'LPUSH' then back = left end
  for from = 1, #back, 1000 do redis.call(command, pending, unpack(back, from, math.min(from + 999, #back))) end
end

local left, seen = take(limit)
if #left > 0 and #taken < limit then
  local more, further = take(1000)
  for _, id in ipairs(more) do left[#left + 1] = id end
  -- Nothing to run among so many: they go behind the others, so that those get their turn.
  if #taken == 0 and further == 1000 then
    putBack(left, 'LPUSH')
    left = {}
  end
end
putBack(left, 'RPUSH')

for from = 1, #taken, 500 do
  local to = math.min(from + 499, #taken)
  redis.call('LPUSH', active, unpack(taken, from, to))
  redis.call('ZADD', lease, unpack(leases, from * 2 - 1, to * 2))
end
for name, number in pairs(unhandledCount) do
  unhandled[#unhandled + 1] = name
  unhandled[#unhandled + 1] = number
end
return { lost, leased, unhandled, ghosts }
`;

export const writeResultLua = `-- Keeps bytes as the result of a task that the caller holds.
-- KEYS 1 lease  2 task   ARGV 1 id  2 token  3 result   Returns 1, or 0 when the lease was lost
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or redis.call('HGET', KEYS[2], 'hk:lease') ~= ARGV[2] .. ':' .. ends then return 0 end
redis.call('HSET', KEYS[2], 'result', ARGV[3])
return 1
`;
