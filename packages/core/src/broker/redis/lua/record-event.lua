-- Adds an event to the history of a scheduler entry and keeps the newest 1000.
-- KEYS 1 history   ARGV 1 moment in s  2 event  3 life of the history in s
local history = KEYS[1]
local moment, event, life = ARGV[1], ARGV[2], ARGV[3]
--- @include "able"
mustBeAble(history, 'ZREMRANGEBYRANK', 'ZADD', 'EXPIRE')
redis.call('ZREMRANGEBYRANK', history, 0, -LIMITS.eventsKept)
redis.call('ZADD', history, moment, event)
redis.call('EXPIRE', history, life)
return 1
