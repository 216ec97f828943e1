-- Finds groups that hold tasks and that no list names, and lists them again. If it is a set that was taken out of a group,
-- puts its tasks back.
-- KEYS 1 groups  2 aggregation sets
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 repair (0 or 1)  4.. parts of the keys after the prefix
-- Returns for each: that part, kind, group, how many tasks
local groups, sets = KEYS[1], KEYS[2]
local taskPrefix, groupPrefix, repair = ARGV[1], ARGV[2], ARGV[3] == '1'
local hex = '%x%x%x%x'
local setPattern = '^(.*):' .. hex .. hex .. '%-' .. hex .. '%-' .. hex .. '%-' .. hex .. '%-' .. hex .. hex .. hex .. '$'
--- @include "able"
local found = {}
if repair then
  mustBeSets(groups)
  mustBeAble(groups, 'ZCARD', 'SISMEMBER', 'ZSCORE', 'ZRANGE', 'HGET', 'ZUNIONSTORE', 'DEL', 'SADD')
end
for index = 4, #ARGV do
  local name = ARGV[index]
  local key = groupPrefix .. name
  local size = redis.pcall('ZCARD', key)
  local known = redis.call('SISMEMBER', groups, name) == 1 or redis.call('ZSCORE', sets, key)
  if type(size) == 'number' and size > 0 and not known then
    local kind, group = 'group_unknown', name
    local outer = string.match(name, setPattern)
    if outer then
      local member = redis.call('ZRANGE', key, 0, 0)[1]
      if redis.pcall('HGET', taskPrefix .. member, 'group') == outer and read('ZCARD', groupPrefix .. outer) then kind, group = 'lost_set', outer end
    end
    if repair then
      if kind == 'lost_set' then
        redis.call('ZUNIONSTORE', groupPrefix .. group, 2, groupPrefix .. group, key, 'AGGREGATE', 'MIN')
        redis.call('DEL', key)
      end
      redis.call('SADD', groups, group)
    end
    local at = #found
    found[at + 1], found[at + 2], found[at + 3], found[at + 4] = name, kind, group, size
  end
end
return found
