-- Appends entries to a trail, and removes what is too old or too many. An entry is '<position> <at in ms> <value>'.
-- KEYS 1 trail
-- ARGV 1 least position of the first  2 now in ms  3 least position of what is not too old  4 most entries  5 life in s  6.. values
-- Returns how many entries there are
--- @include "able"
local trail = KEYS[1]
local position, now, oldest, most, life = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
mustBeSortedSets(trail)
mustBeAble(trail, 'ZADD', 'ZREMRANGEBYSCORE', 'ZREMRANGEBYRANK', 'EXPIRE')

local last = redis.call('ZRANGE', trail, 0, 0, 'REV', 'WITHSCORES')[2]
if last then position = math.max(position, tonumber(last) + 1) end
for at = 6, #ARGV do
  local text = string.format('%.0f', position)
  redis.call('ZADD', trail, text, text .. ' ' .. now .. ' ' .. ARGV[at])
  position = position + 1
end
redis.call('ZREMRANGEBYSCORE', trail, '-inf', '(' .. oldest)
redis.call('ZREMRANGEBYRANK', trail, 0, -1 - tonumber(most))
redis.call('EXPIRE', trail, life)
return redis.call('ZCARD', trail)
