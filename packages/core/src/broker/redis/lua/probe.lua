-- Does what a queue's tasks need Redis to do, on a key of its own, which is gone afterwards. It fails like any other script when
-- memory, permission or disk is missing, or this is a replica. Then it touches the keys of the queue in ways that change
-- nothing. That fails when a key holds something else, or this user may not write it.
-- KEYS 1 the key of its own  2 pending  3 active  4 lease  5 scheduled  6 retry  7 archived  8 completed
--      9 exact due moments  10 groups
-- ARGV 1 whether to write (0 or 1), or to touch only  2 name of a member that nobody has  3 channel that nobody listens to
-- Returns the first key that can't be touched and why; nothing where all can
local own, groups = KEYS[1], KEYS[10]
local nobody, channel = ARGV[2], ARGV[3]
local call = redis.call

if ARGV[1] == '1' then
  -- If the script ends half-way, what it has written ends by itself.
  call('SET', own, '1', 'EX', '60')
  call('GET', own)
  call('INCRBY', own, '1')
  call('EXPIREAT', own, '4102444800')
  call('TTL', own)
  call('EXISTS', own)
  call('DEL', own)

  call('HSET', own, 'msg', '1', 'count', '0')
  call('EXPIRE', own, '60')
  call('HGET', own, 'msg')
  call('HMGET', own, 'msg', 'state')
  call('HINCRBY', own, 'count', '1')
  call('HDEL', own, 'count')
  call('DEL', own)

  call('LPUSH', own, '1')
  call('EXPIRE', own, '60')
  call('RPUSH', own, '2')
  call('LRANGE', own, '0', '-1')
  call('LPOS', own, '2')
  call('LREM', own, '1', '2')
  call('RPOP', own, '1')
  call('DEL', own)

  call('ZADD', own, '1', 'a', '2', 'b')
  call('EXPIRE', own, '60')
  call('ZSCORE', own, 'a')
  call('ZMSCORE', own, 'a', 'b')
  call('ZRANGE', own, '0', '0')
  call('ZRANGEBYSCORE', own, '-inf', '+inf', 'LIMIT', '0', '1')
  call('ZSCAN', own, '0')
  call('ZREM', own, 'a')
  call('DEL', own)

  call('SADD', own, '1')
  call('EXPIRE', own, '60')
  call('DEL', own)
  call('PUBLISH', channel, '')
end

local refused

local function touch(key, command, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err and not refused then refused = { key, reply.err } end
end

for index = 2, 3 do
  touch(KEYS[index], 'LLEN')
  touch(KEYS[index], 'LTRIM', '0', '-1')
end
for index = 4, 9 do
  touch(KEYS[index], 'ZCARD')
  touch(KEYS[index], 'ZREM', nobody)
end
touch(groups, 'SREM', nobody)
return refused or {}
