-- Counts one more attempt that was lost; from the beginning where what is kept is no number.
local function countLost(key)
  local lost = redis.pcall('HINCRBY', key, 'hk:lost', 1)
  if type(lost) == 'number' then return lost end
  redis.call('HSET', key, 'hk:lost', 1)
  return 1
end
