-- Removes what is left of a queue without tasks.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 aggregation sets
--      10.. everything else: pause flag, counters, keys of our own
-- ARGV 1 prefix of group keys
-- Returns 1, or 0 when it holds tasks again
for index = 1, 7 do
  if redis.call('EXISTS', KEYS[index]) == 1 then return 0 end
end
if redis.call('ZCARD', KEYS[9]) > 0 then return 0 end
for _, group in ipairs(redis.call('SMEMBERS', KEYS[8])) do
  local size = redis.pcall('ZCARD', ARGV[1] .. group)
  if type(size) == 'number' and size > 0 then return 0 end
end
redis.call('UNLINK', unpack(KEYS))
return 1
