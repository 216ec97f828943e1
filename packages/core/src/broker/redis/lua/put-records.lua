-- Writes records of one collection, each if the stored one is the expected one.
-- A record is kept as '<revision> <end in ms, or 0> <written at in ms> <value>'.
-- KEYS 1 ids  2 ends of those that end
-- ARGV 1 prefix of the records  2 now in ms  3.. for each: id, 'any', 'absent' or revision, end in ms or 0, life in s or 0, value
-- Returns for each: 'written <revision>', 'conflict <revision, or 0>' or 'full'
--- @include "able"
--- @include "records"
local ids, ends = KEYS[1], KEYS[2]
local prefix, now = ARGV[1], tonumber(ARGV[2])
mustBeSortedSets(ids, ends)
mustBeAble(ids, 'SET', 'DEL', 'ZADD', 'ZREM', 'EXPIRE', 'TTL', 'ZUNIONSTORE')
dropEnded(ids, ends, prefix, now)

local outcomes = {}
for at = 3, #ARGV, 5 do
  local id, expected, endsAt, life, value = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3], ARGV[at + 4]
  local key = prefix .. id
  local revision = liveRevision(key, now)
  if not isExpected(revision, expected) then
    outcomes[#outcomes + 1] = 'conflict ' .. whole(revision)
  elseif revision == 0 and redis.call('ZCARD', ids) >= LIMITS.recordsKept then
    outcomes[#outcomes + 1] = 'full'
  else
    local next = whole(math.max(revision + 1, now))
    redis.call('SET', key, next .. ' ' .. whole(endsAt) .. ' ' .. whole(now) .. ' ' .. value)
    redis.call('ZADD', ids, 0, id)
    if endsAt > 0 then
      redis.call('EXPIRE', key, life)
      redis.call('ZADD', ends, whole(endsAt), id)
    else
      redis.call('ZREM', ends, id)
    end
    outcomes[#outcomes + 1] = 'written ' .. next
  end
end
endWithRecords(ids, ends, now)
return outcomes
