-- Enqueues the task of one turn of a scheduler entry, and remembers the turn.
-- KEYS 1..5 as of enqueue  6 memory of the entry  7 turns that were fired
-- ARGV 1..7 as of enqueue, with one item  8 turn in ms  9 now in ms  10 who fires  11 life of the memory in s
--      12 how many turns are kept
-- Returns 0 when the turn, or a later one that is not in the future, was fired before; otherwise what became of the task:
-- "accepted", "taken", "broken " and what enqueue answers, or "duplicate " and the id of the lock's owner
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local items = cmsgpack.unpack(ARGV[7])
local memory, fired = KEYS[6], KEYS[7]
local turn, now, firedBy, life, kept = ARGV[8], ARGV[9], ARGV[10], ARGV[11], tonumber(ARGV[12])
if redis.call('ZSCORE', fired, turn) then
  local last = redis.call('HMGET', memory, 'turn', 'by', 'outcome')
  if last[1] == turn and last[2] == firedBy then return last[3] end
  return 0
end
if redis.call('ZCOUNT', fired, '(' .. turn, now) > 0 then return 0 end
--- @include "enqueue-items"
redis.call('HGET', memory, 'turn')
decideItems()
-- The turn can then still be fired.
if refused[2] == 1 or refused[2] == 2 then return 'broken ' .. refused[2] end
local outcome = 'accepted'
if refused[2] == 0 then outcome = 'taken' elseif refused[2] then outcome = 'duplicate ' .. refused[2] end
mustBeAble(taskPrefix, 'ZADD', 'HSET', 'EXPIRE', 'ZCOUNT', 'ZCARD', 'ZREMRANGEBYRANK')
putItems()
redis.call('ZADD', fired, turn, turn)
redis.call('HSET', memory, 'turn', turn, 'by', firedBy, 'outcome', outcome)
redis.call('EXPIRE', memory, life)
redis.call('EXPIRE', fired, life)
-- A scheduler whose clock is ahead leaves turns of the future. They must not push out those of now.
local past = redis.call('ZCOUNT', fired, '-inf', now)
local ahead = redis.call('ZCARD', fired) - past
if ahead > kept then redis.call('ZREMRANGEBYRANK', fired, kept - ahead, -1) end
if past > kept then redis.call('ZREMRANGEBYRANK', fired, 0, past - kept - 1) end
return outcome
