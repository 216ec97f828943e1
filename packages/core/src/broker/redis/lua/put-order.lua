-- Keeps an order for a server.
-- KEYS 1 orders of the server   ARGV 1 kind  2 order  3 life in s   Returns 1
--- @include "able"
mustBeAble(KEYS[1], 'HSET', 'TTL', 'EXPIRE')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 1
