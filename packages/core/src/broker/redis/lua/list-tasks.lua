-- Reads a page of a container: whole tasks, whose bytes may fit the filter. Looks at a bounded number of tasks.
-- KEYS 1 container  2 lease  3 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of container keys  3 kind of container: list (read from its end) or zset
--      4 most tasks to read  5 most to look at  6 most bytes to look at
--      7 where the page before ended: score, or places from the list's end; empty for the first page
--      8 id of the last task that was looked at   9 lowest score, or empty  10 highest score, or empty
--      11 id prefix  12 part of the message  13 part of the message  14 part of the message in lower case (each or empty)
-- Returns 1 for each task its id and what `readTask` says  2 where this page ended, as in 7  3 id of the last task that
--   was looked at  4 how many were looked at  5 whether there are more
local container, lease, due = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, containerPrefix, kind = ARGV[1], ARGV[2], ARGV[3]
local limit, mostScanned, mostBytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local lastPlace, lastId, lowest, highest = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local idPrefix, firstPart, secondPart, lowerPart = ARGV[11], ARGV[12], ARGV[13], ARGV[14]
--- @include "read-task"

-- Members with the same score are ordered by bytes. Lua's own comparison depends on the server's locale.
local function comesAfter(one, other)
  local length = math.min(#one, #other)
  for index = 1, length do
    local byte, otherByte = string.byte(one, index), string.byte(other, index)
    if byte ~= otherByte then return byte > otherByte end
  end
  return #one > #other
end

-- How many members come before this one, itself included. It may be gone.
local function rankAfter(score, id)
  local low = redis.call('ZCOUNT', container, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', container, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if comesAfter(redis.call('ZRANGE', container, middle, middle)[1], id) then high = middle else low = middle + 1 end
  end
  return low
end

local size, from
if kind == 'zset' then
  size, from = redis.call('ZCARD', container), 0
  if lastPlace ~= '' then
    from = rankAfter(lastPlace, lastId)
  elseif lowest ~= '' then
    from = redis.call('ZCOUNT', container, '-inf', '(' .. lowest)
  end
  if highest ~= '' then size = redis.call('ZCOUNT', container, '-inf', highest) end
else
  size, from = redis.call('LLEN', container), 0
  if lastPlace ~= '' then
    -- Looks for the last task near its old place: tasks before it may have left, or have been put back. If it is not found, the
    -- old place has to do.
    from = tonumber(lastPlace)
    local deepest = math.min(from + 500, size)
    local window = redis.call('LRANGE', container, -from - 500, -math.max(1, from - 2000))
    for index, id in ipairs(window) do
      if id == lastId then
        from = deepest - index + 1
        break
      end
    end
  end
end

local function idsFrom(place, count)
  if kind == 'zset' then return redis.call('ZRANGE', container, place, math.min(place + count, size) - 1, 'WITHSCORES') end
  local range = redis.call('LRANGE', container, -place - count, -place - 1)
  local ids = {}
  for index = #range, 1, -1 do
    ids[#ids + 1] = range[index]
    ids[#ids + 1] = place + #range - index + 1
  end
  return ids
end

local function mayFit(id, msg)
  if string.sub(id, 1, #idPrefix) ~= idPrefix then return false end
  if not msg then return true end
  if firstPart ~= '' and not string.find(msg, firstPart, 1, true) then return false end
  if secondPart ~= '' and not string.find(msg, secondPart, 1, true) then return false end
  return lowerPart == '' or string.find(string.lower(msg), lowerPart, 1, true) ~= nil
end

local tasks, scanned, bytes, full = {}, 0, 0, false
while not full and from + scanned < size do
  local chunk = idsFrom(from + scanned, math.min(100, mostScanned - scanned))
  if #chunk == 0 then break end
  for index = 1, #chunk, 2 do
    local id = chunk[index]
    local msg = read('HGET', taskPrefix .. id, 'msg')
    scanned = scanned + 1
    lastId, lastPlace = id, tostring(chunk[index + 1])
    if msg then bytes = bytes + #msg end
    if mayFit(id, msg) then
      local task = readTask(taskPrefix .. id, containerPrefix, lease, due, id)
      if task[4] then bytes = bytes + #task[4] end
      if task[6] then bytes = bytes + #task[6] end
      tasks[#tasks + 1] = id
      tasks[#tasks + 1] = task
    end
    if #tasks >= limit * 2 or scanned >= mostScanned or bytes >= mostBytes then
      full = true
      break
    end
  end
end
return { tasks, lastPlace, lastId, scanned, from + scanned < size and 1 or 0 }
