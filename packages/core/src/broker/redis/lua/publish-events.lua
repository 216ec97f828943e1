-- Appends events to the feed. The number of each is one more than that of the event before.
-- KEYS 1 feed   ARGV 1 life of a new feed  2 most events kept  3 how long the feed is kept in s  4.. events   Returns 1
--- @include "able"
local feed, life, most, keptFor = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
mustBeAble(feed, 'XADD', 'XREVRANGE', 'EXPIRE')
local number = 0
local newest = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
if newest then
  life, number = string.match(newest[1], '^(%d+)%-(%d+)$')
  number = tonumber(number)
end
for index = 4, #ARGV do
  number = number + 1
  redis.call('XADD', feed, 'MAXLEN', '~', most, life .. '-' .. string.format('%.0f', number), 'event', ARGV[index])
end
redis.call('EXPIRE', feed, keptFor)
return 1
