-- Removes records of one collection, each if the stored one is the expected one.
-- KEYS 1 ids  2 ends of those that end
-- ARGV 1 prefix of the records  2 now in ms  3.. for each: id, 'any' or revision
-- Returns for each: 'removed', 'not_found' or 'conflict <revision>'
--- @include "able"
--- @include "records"
local ids, ends = KEYS[1], KEYS[2]
local prefix, now = ARGV[1], tonumber(ARGV[2])
mustBeSortedSets(ids, ends)
mustBeAble(ids, 'DEL', 'ZREM')
dropEnded(ids, ends, prefix, now)

local outcomes = {}
for at = 3, #ARGV, 2 do
  local id, expected = ARGV[at], ARGV[at + 1]
  local key = prefix .. id
  local revision = liveRevision(key, now)
  -- One that can't be read can be removed all the same.
  local isThere = revision > 0 or (expected == 'any' and redis.call('EXISTS', key) == 1)
  if not isThere then
    outcomes[#outcomes + 1] = 'not_found'
  elseif not isExpected(revision, expected) then
    outcomes[#outcomes + 1] = 'conflict ' .. whole(revision)
  else
    redis.call('DEL', key)
    redis.call('ZREM', ids, id)
    redis.call('ZREM', ends, id)
    outcomes[#outcomes + 1] = 'removed'
  end
end
return outcomes
