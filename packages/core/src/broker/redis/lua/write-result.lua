-- Keeps bytes as the result of a task that the caller holds.
-- KEYS 1 lease  2 task   ARGV 1 id  2 token  3 result   Returns 1, or 0 when the lease was lost
--- @include "holders"
if not endHeldBy(KEYS[1], KEYS[2], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], 'result', ARGV[3])
return 1
