-- Removes completed tasks past their retention and archived ones that are too old or too many, with bodies and locks.
-- KEYS 1 completed  2 archived
-- ARGV 1 prefix of task keys  2 now in s  3 oldest second kept in the archive  4 most tasks kept there  5 limit
-- Returns 1 completed removed  2 archived removed
local completed, archived = KEYS[1], KEYS[2]
local taskPrefix, nowSec, oldest, most, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

--- @include "able"
-- A task with another state is listed twice, and runs or waits in the other place. The checker decides what to keep.
local function remove(source, state, ids)
  local removed = 0
  if #ids > 0 then mustBeAble(taskPrefix, 'HMGET', 'GET', 'DEL', 'ZREM', 'ZRANGEBYSCORE', 'ZCARD', 'ZRANGE') end
  for _, id in ipairs(ids) do
    local key = taskPrefix .. id
    local found = read('HMGET', key, 'unique_key', 'state') or {}
    local lock = found[1]
    if not found[2] or found[2] == state then
      if lock and lock ~= '' and redis.pcall('GET', lock) == id then redis.call('DEL', lock) end
      redis.call('DEL', key)
      redis.call('ZREM', source, id)
      removed = removed + 1
    end
  end
  return removed
end

mustBeSortedSets(completed, archived)
local gone = remove(completed, 'completed', redis.call('ZRANGEBYSCORE', completed, '-inf', nowSec, 'LIMIT', 0, limit))
local dropped = 0
if gone < limit then
  dropped = remove(archived, 'archived', redis.call('ZRANGEBYSCORE', archived, '-inf', '(' .. oldest, 'LIMIT', 0, limit - gone))
end
local surplus = math.min(redis.call('ZCARD', archived) - most, limit - gone - dropped)
if surplus > 0 then dropped = dropped + remove(archived, 'archived', redis.call('ZRANGE', archived, 0, surplus - 1)) end
return { gone, dropped }
