-- Removes leftovers of a finished set with their bodies and locks.
-- KEYS 1 the set's leftovers  2 all leftovers
-- ARGV 1 prefix of task keys  2 the set's id  3.. members: id, lock or empty   Returns how many are left
--- @include "drop-member"
for index = 3, #ARGV, 2 do dropMember(KEYS[1], ARGV[1], ARGV[index], ARGV[index + 1]) end
local left = redis.call('ZCARD', KEYS[1])
if left == 0 then redis.call('SREM', KEYS[2], ARGV[2]) end
return left
