-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in `leases`. Uses the script's names `active` and
-- `lease`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until `ends`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. `key` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
