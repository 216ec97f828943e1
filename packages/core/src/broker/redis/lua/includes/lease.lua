-- What may happen to the lease of one task. Leases begin, move and end here and in `leases`, and nowhere else: in the list of
-- the tasks that run, in the set of the ends of leases, and in the field that names the holder. From the script's names
-- `active` and `lease`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease of nobody that ends now, so that somebody takes it over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until `ends`. Answers with the refusal where nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while the two agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes from here. Where the hash stays it is given, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- What a server without memory lets pass comes first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among those that run, whose lease is there.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes entries too many of a task out of the list of those that run; it goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
