-- Estimates how many bytes a queue's tasks take, from up to 20 tasks of each container.
-- KEYS 1 pending  2 active  3 groups  4 scheduled  5 retry  6 archived  7 completed
-- ARGV 1 prefix of task keys  2 prefix of group keys   Returns 1 bytes  2 tasks that were looked at  3 why not, or empty
local taskPrefix, groupPrefix = ARGV[1], ARGV[2]
local sample, mostGroups, bytes, looked, refused = 20, 5, 0, 0, ''

local function usage(key)
  if refused ~= '' then return 0 end
  local answer = redis.pcall('MEMORY', 'USAGE', key)
  if type(answer) == 'table' then
    refused = answer.err
    return 0
  end
  return answer or 0
end

local function add(container, size, ids)
  if size == 0 then return end
  local total = 0
  for _, id in ipairs(ids) do total = total + usage(taskPrefix .. id) end
  looked = looked + #ids
  bytes = bytes + usage(container) + (#ids > 0 and total / #ids * size or 0)
end

local function addScored(container)
  local size = redis.pcall('ZCARD', container)
  if type(size) ~= 'number' then return end
  local ids, step = {}, math.max(1, math.floor(size / sample))
  for rank = 0, math.min(size - 1, step * (sample - 1)), step do
    ids[#ids + 1] = redis.call('ZRANGE', container, rank, rank)[1]
  end
  add(container, size, ids)
  return size
end

for index = 1, 2 do
  local size = redis.call('LLEN', KEYS[index])
  local ids = redis.call('LRANGE', KEYS[index], 0, sample / 2 - 1)
  for _, id in ipairs(redis.call('LRANGE', KEYS[index], math.max(#ids, size - sample / 2), -1)) do ids[#ids + 1] = id end
  add(KEYS[index], size, ids)
end
for index = 4, 7 do addScored(KEYS[index]) end
local names, before, counted = redis.call('SCARD', KEYS[3]), bytes, 0
for _, group in ipairs(redis.call('SRANDMEMBER', KEYS[3], mostGroups)) do
  addScored(groupPrefix .. group)
  counted = counted + 1
end
if counted > 0 then bytes = before + (bytes - before) / counted * names end
return { string.format('%.0f', bytes), looked, refused }
