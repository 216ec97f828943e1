-- Adds what one writer has counted of one queue, once.
-- KEYS 1 number of the writer's last report   then for each minute: numbers of the minute, of the ten minutes, of the day
-- ARGV 1 number of this report  2 how long that is kept, in s  3 most types of a period  4 the type of all further ones
--      then for each minute: how long the numbers of the three are kept, in s, or 0 for those that are kept no more, how many
--      types, and for each type its name and its numbers as place:count,...
-- Returns 1, or 0 when the report was added before.
local mark, sequence, markLife, mostTypes, other = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
--- @include "able"

local function merged(old, new)
  local sums, places = {}, {}
  for place, count in string.gmatch(old .. ',' .. new, '(%d+):(%d+)') do
    if not sums[place] then places[#places + 1] = place end
    sums[place] = (sums[place] or 0) + tonumber(count)
  end
  for index, place in ipairs(places) do places[index] = place .. ':' .. string.format('%.0f', sums[place]) end
  return table.concat(places, ',')
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
  at = at + 4
  for offset = 0, 2 do
    local key = KEYS[first + offset]
    local write = writes[key]
    if not write and lives[offset + 1] ~= '0' then
      write = { life = lives[offset + 1], texts = {} }
      writes[key] = write
      writes[#writes + 1] = key
    end
    for index = 0, write and number - 1 or -1 do
      local name, text = ARGV[at + 2 * index], ARGV[at + 2 * index + 1]
      local stored = read('HMGET', key, name)
      -- Something else lies there. The other queues' numbers must not wait for it.
      if stored == nil then fail('WRONGTYPE the key ' .. key .. ' holds something that is no hash: remove it, or move it away') end
      local field = nameIn(key, stored[1] or write.texts[name], name)
      local old = write.texts[field] or (field == name and stored[1] or read('HMGET', key, field)[1]) or ''
      write.texts[field] = merged(old, text)
    end
  end
  at = at + 2 * number
end

mustBeAble(mark, 'HSET', 'EXPIRE', 'SET')
for _, key in ipairs(writes) do
  for field, text in pairs(writes[key].texts) do redis.call('HSET', key, field, text) end
  redis.call('EXPIRE', key, writes[key].life)
end
redis.call('SET', mark, sequence, 'EX', markLife)
return 1
