-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
