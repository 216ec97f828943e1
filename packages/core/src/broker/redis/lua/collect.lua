-- Takes tasks out of a group when it is ripe, oldest first. Single commands of Redis move them, however many they are.
-- KEYS 1 group  2 the new set  3 all sets  4 groups
-- ARGV 1 group  2 most tasks to take, or 0  3 second up to which the oldest makes it ripe, or empty  4 the same for the
--      newest  5 end of the hold in s  6 second after which only a clock that is ahead can have put the newest
-- Returns 1, or 0 when the group is not ripe
local group, set, sets, groups = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, most, oldestSec, newestSec, holdEnd = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local size = redis.call('ZCARD', group)
if size == 0 then return 0 end
local large = most > 0 and size >= most
local old = oldestSec and tonumber(redis.call('ZRANGE', group, 0, 0, 'WITHSCORES')[2]) <= oldestSec
local newest = tonumber(redis.call('ZRANGE', group, -1, -1, 'WITHSCORES')[2])
local quiet = newest <= newestSec or newest > tonumber(ARGV[6])
if not (large or old or quiet) then return 0 end
--- @include "able"
mustBeSortedSets(sets)
mustBeSets(groups)
mustBeAble(set, 'RENAME', 'SREM', 'ZRANGESTORE', 'ZREMRANGEBYRANK', 'ZADD')
if most == 0 or size <= most then
  redis.call('RENAME', group, set)
  redis.call('SREM', groups, name)
else
  redis.call('ZRANGESTORE', set, group, 0, most - 1)
  redis.call('ZREMRANGEBYRANK', group, 0, most - 1)
end
redis.call('ZADD', sets, holdEnd, set)
return 1
