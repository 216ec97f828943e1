-- Reads a slice of the tasks of a set, oldest first.
-- KEYS 1 set   ARGV 1 prefix of task keys  2 first rank  3 last rank
-- Returns id, message (false where there is none, 0 where something else lies there), exact times, for each
--- @include "able"
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3])) do
  local fields = read('HMGET', ARGV[1] .. id, 'msg', 'hk:exact')
  local size = #found
  found[size + 1], found[size + 2], found[size + 3] = id, not fields and 0 or fields[1], fields and fields[2] or false
end
return found
