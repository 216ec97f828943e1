-- Writes that a task's holder runs it alone from now on.
-- KEYS 1 lease  2 task   ARGV 1 id  2 token   Returns 1, or 0 when the lease was lost
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or redis.pcall('HGET', KEYS[2], 'hk:lease') ~= ARGV[2] .. ':' .. ends then return 0 end
redis.call('HSET', KEYS[2], 'hk:began', ARGV[2])
return 1
