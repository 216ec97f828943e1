-- Finds sets whose end has passed, and leftovers of finished sets. A set of a Go program has a UUID of version 4 as its id. It
-- gets a margin: the program's clock may differ from ours, and it can't notice that the set was taken from it.
-- KEYS 1 all sets  2 all leftovers   ARGV 1 now in s  2 the same less the margin  3 most sets  4 prefix of group keys
-- Returns 1 set keys with their ends, for each  2 ids of sets with leftovers
local nowSec, marginSec, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local found = {}
local passed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, 1000)
for index = 1, #passed, 2 do
  local key, ends = passed[index], passed[index + 1]
  if string.sub(key, 1, #ARGV[4]) ~= ARGV[4] then redis.pcall('ZREM', KEYS[1], key) end
  local ours = string.find(key, ':%x+%-%x+%-7%x+%-%x+%-%x+$')
  if #found < most * 2 and (ours or tonumber(ends) <= marginSec) then
    found[#found + 1] = key
    found[#found + 1] = ends
  end
end
return { found, redis.call('SRANDMEMBER', KEYS[2], 10) }
