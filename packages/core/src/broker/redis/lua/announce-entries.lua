-- Announces a scheduler's entries. As in Asynq, the list runs backwards.
-- KEYS 1 list   ARGV 1 life in s  2.. entries
local entries = KEYS[1]
local life = ARGV[1]
--- @include "able"
mustBeAble(entries, 'DEL', 'LPUSH', 'EXPIRE')
redis.call('DEL', entries)
for from = 2, #ARGV, 1000 do
  redis.call('LPUSH', entries, unpack(ARGV, from, math.min(from + 999, #ARGV)))
end
redis.call('EXPIRE', entries, life)
return 1
