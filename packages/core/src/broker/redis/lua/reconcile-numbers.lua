-- Counts a queue's tasks, and those that are late.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 archived  6 completed  7 groups  8 lease  9 aggregation sets
-- ARGV 1 moment before which nobody takes care of what is due, in s  2 the same for the archive, exclusive
-- Returns how many: 1 of all states  2 archived  3 archived too long  4 leases over  5 scheduled late  6 retry late
--      7 aggregation sets over
local held = redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) + redis.call('SCARD', KEYS[7])
for index = 3, 6 do held = held + redis.call('ZCARD', KEYS[index]) end
local function upTo(key, score) return redis.call('ZCOUNT', key, '-inf', score) end
return {
  held, redis.call('ZCARD', KEYS[5]), upTo(KEYS[5], '(' .. ARGV[2]),
  upTo(KEYS[8], ARGV[1]), upTo(KEYS[3], ARGV[1]), upTo(KEYS[4], ARGV[1]), upTo(KEYS[9], ARGV[1]),
}
