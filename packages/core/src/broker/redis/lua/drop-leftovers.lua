-- Removes leftovers of a finished set, with their bodies and locks.
-- KEYS 1 the set's leftovers  2 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of locks  3 the set's id  4 slice   Returns how many are left
--- @include "drop-members"
mustBeSortedSets(KEYS[1])
mustBeSets(KEYS[2])
mustBeAble(ARGV[1], 'HMGET', 'GET', 'DEL', 'ZREMRANGEBYRANK', 'ZCARD', 'SREM')
dropMembers(KEYS[1], ARGV[1], ARGV[2], ARGV[4])
local left = redis.call('ZCARD', KEYS[1])
if left == 0 then redis.call('SREM', KEYS[2], ARGV[3]) end
return left
