-- Moves the end of leases further out; leaves alone what the caller does not hold any more.
-- KEYS 1 lease
-- ARGV 1 prefix of task keys  2 new end in s  3.. id, token, for each
-- Returns positions (from 0) of the leases that were lost
local lease = KEYS[1]
local taskPrefix, newEnd = ARGV[1], ARGV[2]
local lost = {}
-- Nothing is removed: what a server without memory lets pass comes first, and it refuses nothing later.
redis.call('ZREM', lease, 'hk:none')
for index = 3, #ARGV, 2 do
  local id, token = ARGV[index], ARGV[index + 1]
  local key = taskPrefix .. id
  local ends = redis.call('ZSCORE', lease, id)
  local held = ends and redis.pcall('HGET', key, 'hk:lease')
  if held and held == token .. ':' .. ends then
    redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
    local extended = redis.pcall('ZADD', lease, newEnd, id)
    if type(extended) == 'table' then
      -- The lease is held only while the two agree.
      redis.pcall('HSET', key, 'hk:lease', held)
      return extended
    end
  else
    lost[#lost + 1] = (index - 3) / 2
  end
end
return lost
