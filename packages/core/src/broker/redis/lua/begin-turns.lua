-- Returns what is known of an entry's turns. An entry that is new, or has another schedule than before, is known from now on.
-- KEYS 1 memory of the entry  2 turns that were fired
-- ARGV 1 schedule  2 since when in ms  3 now in ms  4 life of the memory in s  5 in place of which moment, or empty
-- Returns since when the schedule holds, and the last turn that is not in the future or an empty text
local memory, fired = KEYS[1], KEYS[2]
local schedule, since, now, life, insteadOf = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local last = redis.call('ZRANGE', fired, now, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)
--- @include "able"
local known = redis.call('HMGET', memory, 'schedule', 'since')
mustBeAble(memory, 'HSET', 'EXPIRE')
if known[1] == schedule and known[2] and known[2] ~= insteadOf then
  since = known[2]
else
  redis.call('HSET', memory, 'schedule', schedule, 'since', since)
end
redis.call('EXPIRE', memory, life)
redis.call('EXPIRE', fired, life)
return { since, last[1] or '' }
