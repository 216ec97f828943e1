-- Returns a page of the groups that hold tasks. A name without tasks stays: a scheduled task may be about to join. A key that
-- is no group is passed over.
-- KEYS 1 groups   ARGV 1 prefix of group keys  2 cursor  3 names a page
-- Returns 1 the next cursor, "0" at the end  2 name, size, oldest and newest score in s, for each
local page = redis.call('SSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local found = {}
for _, name in ipairs(page[2]) do
  local key = ARGV[1] .. name
  local oldest = redis.pcall('ZRANGE', key, 0, 0, 'WITHSCORES')
  if oldest[2] then
    local size = #found
    found[size + 1], found[size + 2] = name, redis.call('ZCARD', key)
    found[size + 3], found[size + 4] = oldest[2], redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  end
end
return { page[1], found }
