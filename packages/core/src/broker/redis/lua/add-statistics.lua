-- Adds what one writer has counted of one queue, once.
-- KEYS 1 number of the writer's last report   then for each minute: numbers of the minute, of the ten minutes, of the day
-- ARGV 1 number of this report  2 how long that is kept, in s  3 most types of a period  4 the type of all further ones
--      then for each minute: how long the numbers of the three are kept, in s, or 0 for those that are kept no more, how many
--      types, and for each type its name and its numbers, MessagePack: place, count, and so on by place
-- Returns 1, or 0 when the report was added before.
local mark, sequence, markLife, mostTypes, other = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
--- @include "able"

-- The sums of two lists, each sorted by place.
local function merged(old, new)
  if not old then return new end
  local sums, size, at, last = {}, 0, 1, #old
  for index = 1, #new, 2 do
    local place, count = new[index], new[index + 1]
    while at < last and old[at] < place do
      sums[size + 1], sums[size + 2] = old[at], old[at + 1]
      size, at = size + 2, at + 2
    end
    if at < last and old[at] == place then
      count, at = count + old[at + 1], at + 2
    end
    sums[size + 1], sums[size + 2] = place, count
    size = size + 2
  end
  for index = at, last do
    sums[size + 1], size = old[index], size + 1
  end
  return sums
end

-- What is no list of numbers is begun anew.
local function listOf(packed)
  local isPacked, list = pcall(cmsgpack.unpack, packed or '')
  if not isPacked or type(list) ~= 'table' or #list % 2 == 1 then return nil end
  for index = 1, #list do
    if type(list[index]) ~= 'number' then return nil end
  end
  return list
end

local last = read('GET', mark)
if last and (tonumber(last) or 0) >= tonumber(sequence) then return 0 end

local writes, newTypes = {}, {}

-- The numbers of all types together have no name, and are not a type.
local function nameIn(key, stored, name)
  if name == '' or stored then return name end
  local known = newTypes[key]
  if not known then
    known = { count = 0 }
    for _, field in ipairs(read('HKEYS', key) or {}) do
      if field ~= '' then known.count = known.count + 1 end
    end
    newTypes[key] = known
  end
  if not known[name] then
    if known.count >= mostTypes then return other end
    known[name], known.count = true, known.count + 1
  end
  return name
end

local at = 5
for first = 2, #KEYS, 3 do
  local lives, number = { ARGV[at], ARGV[at + 1], ARGV[at + 2] }, tonumber(ARGV[at + 3])
  local names, lists = {}, {}
  for index = 1, number do
    names[index] = ARGV[at + 2 + 2 * index]
    lists[index] = listOf(ARGV[at + 3 + 2 * index]) or {}
  end
  at = at + 4 + 2 * number
  for offset = 0, 2 do
    local key = KEYS[first + offset]
    local write = writes[key]
    if not write and lives[offset + 1] ~= '0' then
      write = { life = lives[offset + 1], lists = {} }
      writes[key] = write
      writes[#writes + 1] = key
    end
    if write then
      local stored = read('HMGET', key, unpack(names))
      if stored == nil then
        fail('WRONGTYPE the key ' .. key .. ' holds something that is no hash: remove it, or move it away')
      end
      for index, name in ipairs(names) do
        local field = nameIn(key, stored[index] or write.lists[name], name)
        local old = write.lists[field]
        if not old then
          old = listOf(field == name and stored[index] or field ~= name and read('HMGET', key, field)[1])
        end
        write.lists[field] = merged(old, lists[index])
      end
    end
  end
end

mustBeAble(mark, 'HSET', 'EXPIRE', 'SET')
for _, key in ipairs(writes) do
  local fields = {}
  for field, list in pairs(writes[key].lists) do
    fields[#fields + 1] = field
    fields[#fields + 1] = cmsgpack.pack(list)
  end
  if #fields > 0 then redis.call('HSET', key, unpack(fields)) end
  redis.call('EXPIRE', key, writes[key].life)
end
redis.call('SET', mark, sequence, 'EX', markLife)
return 1
