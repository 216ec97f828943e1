-- Finds tasks that no list, set or lease of the queue names any more. Nobody would ever run or remove them.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 aggregation sets
-- ARGV 1 prefix of task keys  2 prefix of group keys  3.. ids   Returns those ids
local taskPrefix, groupPrefix, sets = ARGV[1], ARGV[2], KEYS[8]
--- @include "holders"
--- @include "able"
local unlisted = {}
for index = 3, #ARGV do
  local id = ARGV[index]
  local group = read('HGET', taskPrefix .. id, 'group')
  local listed = redis.call('LPOS', KEYS[1], id) or redis.call('LPOS', KEYS[2], id)
  for key = 3, 7 do listed = listed or redis.call('ZSCORE', KEYS[key], id) end
  if type(group) == 'string' then
    listed = listed or scoreIn(groupPrefix .. group, id) or isTaken(sets, groupPrefix, id)
  end
  if not listed then unlisted[#unlisted + 1] = id end
end
return unlisted
