-- Adds one to a number of a task. Starts again when the stored value is no number.
local function addOne(key, field)
  local number = redis.pcall('HINCRBY', key, field, 1)
  if type(number) == 'number' then return number end
  redis.call('HSET', key, field, 1)
  return 1
end

-- Counts one more lost attempt. If the holder of the token had written that it ran the task alone, also counts one more that was
-- lost alone. Returns both numbers.
local function countLost(key, token)
  local lost = addOne(key, 'hk:lost')
  local isAlone = token and redis.call('HGET', key, 'hk:began') == token
  return lost, isAlone and addOne(key, 'hk:alone') or redis.call('HGET', key, 'hk:alone')
end
