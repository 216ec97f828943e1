// Generated from *.lua by `npm run generate`; do not edit.

export const addStatisticsLua = `-- Adds what one writer has counted of one queue, once.
-- KEYS 1 number of the writer's last report   then for each minute: numbers of the minute, of the ten minutes, of the day
-- ARGV 1 number of this report  2 how long that is kept, in s  3 most types of a period  4 the type of all further ones
--      then for each minute: how long the numbers of the three are kept, in s, or 0 for those that are kept no more, how many
--      types, and for each type its name and its numbers, MessagePack: place, count, and so on by place
-- Returns 1, or 0 when the report was added before.
local mark, sequence, markLife, mostTypes, other = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end

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
`;

export const announceLua = `-- Announces a server and its busy workers.
-- KEYS 1 server  2 its workers  3 its details
-- ARGV 1 life in s  2 life of the details in s  3 server  4 details or empty  5.. task id, worker, for each
local server, workers, details = KEYS[1], KEYS[2], KEYS[3]
local life = ARGV[1]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
mustBeAble(workers, 'DEL', 'HSET', 'EXPIRE', 'SET')
redis.call('SET', server, ARGV[3], 'EX', life)
if ARGV[4] ~= '' then redis.call('SET', details, ARGV[4], 'EX', ARGV[2]) end
redis.call('DEL', workers)
for index = 5, #ARGV, 2 do redis.call('HSET', workers, ARGV[index], ARGV[index + 1]) end
redis.call('EXPIRE', workers, life)
return 1
`;

export const announceEntriesLua = `-- Announces a scheduler's entries. As in Asynq, the list runs backwards.
-- KEYS 1 list   ARGV 1 life in s  2.. entries
local entries = KEYS[1]
local life = ARGV[1]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
mustBeAble(entries, 'DEL', 'LPUSH', 'EXPIRE')
redis.call('DEL', entries)
for from = 2, #ARGV, 1000 do
  redis.call('LPUSH', entries, unpack(ARGV, from, math.min(from + 999, #ARGV)))
end
redis.call('EXPIRE', entries, life)
return 1
`;

export const appendTrailLua = `-- Appends entries to a trail, and removes what is too old or too many. An entry is '<position> <at in ms> <value>'.
-- KEYS 1 trail
-- ARGV 1 least position of the first  2 now in ms  3 least position of what is not too old  4 most entries  5 life in s  6.. values
-- Returns how many entries there are
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local trail = KEYS[1]
local position, now, oldest, most, life = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4], ARGV[5]
mustBeSortedSets(trail)
mustBeAble(trail, 'ZADD', 'ZREMRANGEBYSCORE', 'ZREMRANGEBYRANK', 'EXPIRE')

local last = redis.call('ZRANGE', trail, 0, 0, 'REV', 'WITHSCORES')[2]
if last then position = math.max(position, tonumber(last) + 1) end
for at = 6, #ARGV do
  local text = string.format('%.0f', position)
  redis.call('ZADD', trail, text, text .. ' ' .. now .. ' ' .. ARGV[at])
  position = position + 1
end
redis.call('ZREMRANGEBYSCORE', trail, '-inf', '(' .. oldest)
redis.call('ZREMRANGEBYRANK', trail, 0, -1 - tonumber(most))
redis.call('EXPIRE', trail, life)
return redis.call('ZCARD', trail)
`;

export const archiveMembersLua = `-- Takes tasks out of a set and archives them.
-- KEYS 1 set  2 all sets  3 archived
-- ARGV 1 prefix of task keys  2 now in s  3 the set's end in s
--      4.. members: id, message or empty to leave it as it is, reason or empty
-- Returns positions (from 0) of members that were not in the set any more
local set, sets, archived = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, nowSec, setEnd = ARGV[1], ARGV[2], tonumber(ARGV[3])
local held = tonumber(redis.call('ZSCORE', sets, set) or -1) == setEnd
local lost = {}
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
if held then
  mustBeSortedSets(set, archived)
  mustBeAble(taskPrefix, 'ZREM', 'ZADD', 'HSET')
end
for index = 4, #ARGV, 3 do
  local id, msg, reason = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if held and redis.call('ZREM', set, id) == 1 then
    local key = taskPrefix .. id
    redis.call('ZADD', archived, nowSec, id)
    -- Something else may lie under the key. Then only the list shows that the task is archived.
    redis.pcall('HSET', key, 'state', 'archived')
    if msg ~= '' then redis.pcall('HSET', key, 'msg', msg) end
    if reason ~= '' then redis.pcall('HSET', key, 'hk:reason', reason) end
  else
    lost[#lost + 1] = (index - 4) / 3
  end
end
return lost
`;

export const archiveUnreadableLua = `-- Archives a task whose message can't be read, as it is. Only if it is still the same and nobody holds it.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 exact due moments
-- ARGV 1 task key  2 prefix of group keys  3 id  4 the message that was read  5 now in s  6 reason   Returns 1, or 0
local pending, lease = KEYS[1], KEYS[3]
local key, groupPrefix, id, msg, nowSec, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- How tasks leave the line of a queue: see \`line\`. Uses the script's name \`pending\`.

-- The next \`size\` tasks leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, all for 0. Returns how many there were.
-- With \`redis.pcall\` as \`call\` it returns the refusal, if there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end
local found = read('HMGET', key, 'msg', 'state', 'group')
if not found then return 0 end
local state, group = found[2], found[3]
if found[1] ~= msg or redis.call('ZSCORE', lease, id) then return 0 end
mustBeLists(pending)
mustBeSortedSets(KEYS[4], KEYS[5], KEYS[6], KEYS[8])
if group and read('ZCARD', groupPrefix .. group) == nil then return 0 end
mustBeAble(groupPrefix, 'LREM', 'ZREM', 'ZADD', 'HSET', 'HDEL')
local removed = 0
if state == 'pending' then
  removed = leaveLine(id, 0)
elseif state == 'scheduled' or state == 'retry' then
  removed = redis.call('ZREM', state == 'scheduled' and KEYS[4] or KEYS[5], id)
  redis.call('ZREM', KEYS[8], id)
elseif state == 'aggregating' and group then
  removed = redis.call('ZREM', groupPrefix .. group, id)
end
if removed == 0 then return 0 end
redis.call('ZADD', KEYS[6], nowSec, id)
redis.call('HSET', key, 'state', 'archived', 'hk:reason', reason)
redis.call('HDEL', key, 'pending_since')
return 1
`;

export const archivedSinceLua = `-- Returns the tasks that were archived lately, newest first. Looks at a bounded number of tasks and bytes.
-- KEYS 1 archived
-- ARGV 1 prefix of task keys  2 since (unix seconds)  3 most tasks  4 most bytes
-- Returns how many were archived since then, and for each of the newest its id, when, and its message or empty
local archived = KEYS[1]
local taskPrefix, since, most, mostBytes = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local total = redis.call('ZCOUNT', archived, since, '+inf')
local newest, bytes = {}, 0
local count = math.min(total, most)
if count > 0 then
  local found = redis.call('ZRANGE', archived, -count, -1, 'WITHSCORES')
  for index = #found - 1, 1, -2 do
    local msg = redis.pcall('HGET', taskPrefix .. found[index], 'msg')
    if type(msg) ~= 'string' then msg = '' end
    bytes = bytes + #msg
    newest[#newest + 1] = found[index]
    newest[#newest + 1] = found[index + 1]
    newest[#newest + 1] = msg
    if bytes >= mostBytes then break end
  end
end
return { total, newest }
`;

export const beginAloneLua = `-- Writes that a task's holder runs it alone from now on.
-- KEYS 1 lease  2 task   ARGV 1 id  2 token   Returns 1, or 0 when the lease was lost
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
if not endHeldBy(KEYS[1], KEYS[2], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], 'hk:began', ARGV[2])
return 1
`;

export const beginTurnsLua = `-- Returns what is known of an entry's turns. An entry that is new, or has another schedule than before, is known from now on.
-- KEYS 1 memory of the entry  2 turns that were fired
-- ARGV 1 schedule  2 since when in ms  3 now in ms  4 life of the memory in s  5 in place of which moment, or empty
-- Returns since when the schedule holds, and the last turn that is not in the future or an empty text
local memory, fired = KEYS[1], KEYS[2]
local schedule, since, now, life, insteadOf = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local last = redis.call('ZRANGE', fired, now, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 1)
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local known = redis.call('HMGET', memory, 'schedule', 'since')
mustBeAble(memory, 'HSET', 'EXPIRE')
if known[1] == schedule and known[2] and known[2] ~= insteadOf then
  since = known[2]
else
  redis.call('HSET', memory, 'schedule', schedule, 'since', since)
end
redis.call('EXPIRE', memory, life)
redis.call('EXPIRE', fired, life)
return { since, last[1] or '' }
`;

export const changeLua = `-- Runs, archives or deletes tasks that nobody holds: named ones, or the first ones of a container.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 exact due moments
--      10 aggregation sets  11 the container to take from, or any key where ids are given
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 prefix of locks  4 run, archive or delete  5 now in s  6 now in ns
--      7 end of a lease up to which it is surely over, in s  8 state of the container, or the state that the ids must be
--        in, or empty  9 group of the container, or empty  10 most to take from the container; 0 where ids are given
--      11 most list entries to search before the rest is left for another call  12.. ids
-- Returns 1 how many tasks were looked at  2 how many were changed  3 for each id (ids) or each that was not changed
--   (container): id, outcome  4 whether the container holds more
local pending, active, lease, archived = KEYS[1], KEYS[2], KEYS[3], KEYS[6]
local groups, due, sets, container = KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local taskPrefix, groupPrefix, lockPrefix, change = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local nowSec, nowNs, over = ARGV[5], ARGV[6], tonumber(ARGV[7])
local wantedState, containerGroup, limit, budget = ARGV[8], ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
local scored = { scheduled = KEYS[4], retry = KEYS[5], archived = KEYS[6], completed = KEYS[7] }
local places = { pending = true, active = true, aggregating = true, scheduled = true, retry = true, archived = true, completed = true }
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
-- How tasks leave the line of a queue: see \`line\`. Uses the script's name \`pending\`.

-- The next \`size\` tasks leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, all for 0. Returns how many there were.
-- With \`redis.pcall\` as \`call\` it returns the refusal, if there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
-- The uniqueness lock that a task took. Some Go programs write it into the message (field 10) only.
local function lockOf(stored, msg)
  if stored and stored ~= '' then return stored end
  local at, size = 1, msg and #msg or 0
  local function varint()
    local value, scale = 0, 1
    for _ = 1, 10 do
      local byte = string.byte(msg, at)
      if not byte then return nil end
      at = at + 1
      if byte < 128 then return value + byte * scale end
      value = value + (byte - 128) * scale
      scale = scale * 128
    end
    return nil
  end
  while at <= size do
    local tag = varint()
    local wire = tag and tag % 8
    if wire == 2 then
      local length = varint()
      if not length then return nil end
      if tag == 82 then return string.sub(msg, at, at + length - 1) end
      at = at + length
    elseif wire == 0 then
      if not varint() then return nil end
    elseif wire == 1 then
      at = at + 8
    elseif wire == 5 then
      at = at + 4
    else
      return nil
    end
  end
  return nil
end

-- Frees the lock if the task still owns it. A key that is no lock of this queue is left alone.
local function release(lock, lockPrefix, id)
  if not lock or string.sub(lock, 1, #lockPrefix) ~= lockPrefix then return end
  if redis.pcall('GET', lock) == id then redis.call('DEL', lock) end
end
local fromContainer = limit > 0
local ready, changed, searched = {}, 0, 0

local function removeFromPending(id)
  searched = searched + redis.call('LLEN', pending)
  return leaveLine(id, 1)
end

local function removeFromGroup(group, id)
  if not read('ZCARD', groupPrefix .. group) then return 0 end
  local removed = redis.call('ZREM', groupPrefix .. group, id)
  if removed == 1 and redis.call('ZCARD', groupPrefix .. group) == 0 then redis.call('SREM', groups, group) end
  return removed
end

local function removeFromScored(id)
  local removed = redis.call('ZREM', due, id)
  for _, key in pairs(scored) do removed = removed + redis.call('ZREM', key, id) end
  return removed
end

-- Takes the id out of the place that its state names. Without a known state, out of every place.
local function takeOut(id, state, group)
  if scored[state] then
    redis.call('ZREM', scored[state], id)
    if state == 'scheduled' or state == 'retry' then redis.call('ZREM', due, id) end
    return
  end
  if state == 'pending' or not places[state] then removeFromPending(id) end
  if state == 'active' or not places[state] then endLease(id) end
  if group and (state == 'aggregating' or not places[state]) then removeFromGroup(group, id) end
  if not places[state] then removeFromScored(id) end
end

local function carryOut(id, key, unique, hasBody)
  if change == 'run' then
    redis.call('HSET', key, waitsSince(nowNs))
    redis.call('HDEL', key, 'group', 'hk:lost', 'hk:alone', 'hk:reason')
    ready[#ready + 1] = id
  elseif change == 'archive' then
    redis.call('ZADD', archived, nowSec, id)
    redis.call('HSET', key, 'state', 'archived')
    redis.call('HDEL', key, 'pending_since')
  else
    release(lockOf(unique, hasBody and not unique and redis.call('HGET', key, 'msg')), lockPrefix, id)
    redis.call('UNLINK', key)
  end
  changed = changed + 1
  return 'changed'
end

-- For a task without a message: nothing can be run or kept, but the rest can be deleted.
local function changeRest(id, key, exists, wasListed)
  if change ~= 'delete' then return 'not_found' end
  local removed = removeFromScored(id)
  if exists then redis.call('UNLINK', key) end
  if not exists and not wasListed and removed == 0 then return 'not_found' end
  changed = changed + 1
  return 'changed'
end

local function changeOne(id)
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'state', 'group', 'unique_key')
  if not found then
    if wantedState ~= '' and not fromContainer then return 'moved' end
    return changeRest(id, key, true, fromContainer)
  end
  local state, group, unique = found[1], found[2], found[3]
  if isHeld(lease, id, over) then return 'active' end
  local hasBody = redis.call('HEXISTS', key, 'msg') == 1
  if not hasBody and redis.call('EXISTS', key) == 0 then return changeRest(id, key, false, fromContainer) end
  if fromContainer then
    -- It is out of the container already. Its state counts only when that is another place.
    if state ~= wantedState then takeOut(id, places[state] and state or '', group) end
    if not hasBody then return changeRest(id, key, true, true) end
    return carryOut(id, key, unique, true)
  end
  if wantedState ~= '' and state ~= wantedState then return 'moved' end
  if state == 'pending' and change == 'run' or state == 'archived' and change == 'archive' then return 'unchanged' end
  if not hasBody and change ~= 'delete' then return 'not_found' end
  if state == 'aggregating' then
    local removed = group and removeFromGroup(group, id) or 0
    if removed == 0 and isTaken(sets, groupPrefix, id) then return 'taken' end
  else
    takeOut(id, state, group)
  end
  return carryOut(id, key, unique, hasBody)
end

mustBeLists(pending, active)
mustBeSortedSets(lease, due, sets, scored.scheduled, scored.retry, archived, scored.completed)
mustBeSets(groups)
mustBeAble(
  taskPrefix, 'LRANGE', 'LTRIM', 'ZRANGE', 'ZREMRANGEBYRANK', 'ZREM', 'HMGET', 'ZSCORE', 'HEXISTS', 'EXISTS', 'LLEN', 'LREM', 'ZCARD',
  'SREM', 'HSET', 'HDEL', 'HGET', 'GET', 'ZADD', 'DEL', 'UNLINK', 'LPUSH'
)
local ids = {}
if fromContainer then
  if wantedState == 'pending' then
    local range = redis.call('LRANGE', container, -limit, -1)
    for index = #range, 1, -1 do ids[#ids + 1] = range[index] end
    if #ids > 0 then leaveFront(#ids) end
  else
    ids = redis.call('ZRANGE', container, 0, limit - 1)
    if #ids > 0 then redis.call('ZREMRANGEBYRANK', container, 0, #ids - 1) end
    if wantedState == 'scheduled' or wantedState == 'retry' then
      for from = 1, #ids, 1000 do redis.call('ZREM', due, unpack(ids, from, math.min(from + 999, #ids))) end
    end
  end
else
  for index = 12, #ARGV do ids[#ids + 1] = ARGV[index] end
end

local outcomes, seen = {}, 0
for _, id in ipairs(ids) do
  -- Tasks that were taken from a container must be dealt with now. Named ones can wait for another call.
  if not fromContainer and searched > budget then break end
  seen = seen + 1
  local outcome = changeOne(id)
  if not fromContainer or outcome ~= 'changed' then
    outcomes[#outcomes + 1] = id
    outcomes[#outcomes + 1] = outcome
  end
end
joinBack(ready, #ready)
local more = 0
if fromContainer then
  more = wantedState == 'pending' and redis.call('LLEN', container) or redis.call('ZCARD', container)
  if more == 0 and containerGroup ~= '' then redis.call('SREM', groups, containerGroup) end
end
return { seen, changed, outcomes, more > 0 and 1 or 0 }
`;

export const collectLua = `-- Takes tasks out of a group when it is ripe, oldest first. Single commands of Redis move them, however many they are.
-- KEYS 1 group  2 the new set  3 all sets  4 groups
-- ARGV 1 group  2 most tasks to take, or 0  3 second up to which the oldest makes it ripe, or empty  4 the same for the
--      newest  5 end of the hold in s  6 second after which only a clock that is ahead can have put the newest
-- Returns 1, or 0 when the group is not ripe
local group, set, sets, groups = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, most, oldestSec, newestSec, holdEnd = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local size = redis.call('ZCARD', group)
if size == 0 then return 0 end
local large = most > 0 and size >= most
local old = oldestSec and tonumber(redis.call('ZRANGE', group, 0, 0, 'WITHSCORES')[2]) <= oldestSec
local newest = tonumber(redis.call('ZRANGE', group, -1, -1, 'WITHSCORES')[2])
local quiet = newest <= newestSec or newest > tonumber(ARGV[6])
if not (large or old or quiet) then return 0 end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
mustBeSortedSets(sets)
mustBeSets(groups)
mustBeAble(set, 'RENAME', 'SREM', 'ZRANGESTORE', 'ZREMRANGEBYRANK', 'ZADD')
if most == 0 or size <= most then
  redis.call('RENAME', group, set)
  redis.call('SREM', groups, name)
else
  redis.call('ZRANGESTORE', set, group, 0, most - 1)
  redis.call('ZREMRANGEBYRANK', group, 0, most - 1)
end
redis.call('ZADD', sets, holdEnd, set)
return 1
`;

export const dropLeasesLua = `-- Drops ids without a body from the active tasks: only their entries exist.
-- KEYS 1 active  2 lease   ARGV 1 prefix of task keys  2.. ids   Returns how many ids there were
local active, lease = KEYS[1], KEYS[2]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
mustBeLists(active)
mustBeSortedSets(lease)
mustBeAble(ARGV[1], 'ZREM', 'LREM')
for index = 2, #ARGV do endLease(ARGV[index]) end
return #ARGV - 1
`;

export const dropLeftoversLua = `-- Removes leftovers of a finished set, with their bodies and locks.
-- KEYS 1 the set's leftovers  2 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of locks  3 the set's id  4 slice   Returns how many are left
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The uniqueness lock that a task took. Some Go programs write it into the message (field 10) only.
local function lockOf(stored, msg)
  if stored and stored ~= '' then return stored end
  local at, size = 1, msg and #msg or 0
  local function varint()
    local value, scale = 0, 1
    for _ = 1, 10 do
      local byte = string.byte(msg, at)
      if not byte then return nil end
      at = at + 1
      if byte < 128 then return value + byte * scale end
      value = value + (byte - 128) * scale
      scale = scale * 128
    end
    return nil
  end
  while at <= size do
    local tag = varint()
    local wire = tag and tag % 8
    if wire == 2 then
      local length = varint()
      if not length then return nil end
      if tag == 82 then return string.sub(msg, at, at + length - 1) end
      at = at + length
    elseif wire == 0 then
      if not varint() then return nil end
    elseif wire == 1 then
      at = at + 8
    elseif wire == 5 then
      at = at + 4
    else
      return nil
    end
  end
  return nil
end

-- Frees the lock if the task still owns it. A key that is no lock of this queue is left alone.
local function release(lock, lockPrefix, id)
  if not lock or string.sub(lock, 1, #lockPrefix) ~= lockPrefix then return end
  if redis.pcall('GET', lock) == id then redis.call('DEL', lock) end
end
-- Removes the first tasks of a set, with their bodies and locks.
local function dropMembers(set, taskPrefix, lockPrefix, most)
  local ids = redis.call('ZRANGE', set, 0, most - 1)
  for _, id in ipairs(ids) do
    local key = taskPrefix .. id
    local found = read('HMGET', key, 'unique_key', 'msg')
    if found then
      release(lockOf(found[1], found[2]), lockPrefix, id)
      redis.call('DEL', key)
    end
  end
  if #ids > 0 then redis.call('ZREMRANGEBYRANK', set, 0, #ids - 1) end
end
mustBeSortedSets(KEYS[1])
mustBeSets(KEYS[2])
mustBeAble(ARGV[1], 'HMGET', 'GET', 'DEL', 'ZREMRANGEBYRANK', 'ZCARD', 'SREM')
dropMembers(KEYS[1], ARGV[1], ARGV[2], ARGV[4])
local left = redis.call('ZCARD', KEYS[1])
if left == 0 then redis.call('SREM', KEYS[2], ARGV[3]) end
return left
`;

export const editPayloadLua = `-- Replaces the message of a task that is not running, if it is still the one that was read. Moves its uniqueness lock.
-- KEYS 1 task  2 lease  3 aggregation sets  4 lock before  5 lock after (4 and 5: any key where there is no lock to move)
-- ARGV 1 id  2 prefix of group keys  3 end of a lease up to which it is surely over, in s  4 message before
--      5 message after  6 whether there is a lock to move
-- Returns the outcome
local task, lease, sets, lockBefore, lockAfter = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, groupPrefix, over, before, after = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
local found = redis.call('HMGET', task, 'msg', 'state', 'group', 'unique_key')
local state, group = found[2], found[3]
if not found[1] then return 'not_found' end
if state == 'active' or isHeld(lease, id, over) then return 'active' end
if state == 'completed' then return 'completed' end
if found[1] ~= before then return 'conflict' end
if state == 'aggregating' and not (group and scoreIn(groupPrefix .. group, id)) and isTaken(sets, groupPrefix, id) then
  return 'taken'
end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
mustBeAble(ARGV[2], 'GET', 'PTTL', 'SET', 'DEL', 'HSET')
if ARGV[6] == '1' then
  if lockAfter ~= lockBefore and redis.pcall('GET', lockBefore) == id then
    local life = redis.call('PTTL', lockBefore)
    local owner = redis.pcall('GET', lockAfter)
    if owner and owner ~= id then return 'duplicate' end
    if life > 0 then redis.call('SET', lockAfter, id, 'PX', life) else redis.call('SET', lockAfter, id) end
    redis.call('DEL', lockBefore)
  end
  if found[4] then redis.call('HSET', task, 'unique_key', lockAfter) end
end
redis.call('HSET', task, 'msg', after)
return 'changed'
`;

export const enqueueLua = `-- Writes new tasks of one queue, each one whole or not at all.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ns  4 now in s  5 queue  6 channel for "due sooner"
--      7 items, MessagePack: for each id, message, flags and then, by flag,
--        1 scheduled: score in s, exact moment in ms    2 group: its name
--        4 unique: lock key, its life in s              8 exact times of the message
-- Returns what was not accepted: position (from 0), then 0 for a taken id, 1 where something else lies in the lock's place,
--   2 in the group's, or the id of the lock's owner
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local items = cmsgpack.unpack(ARGV[7])
-- Enqueues the items of ARGV[7] of the enqueue script, with the script's names. \`decideItems\` reads, and leaves the items that
-- are not accepted in \`refused\`. \`putItems\` writes the others, all or none.
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
-- Keeps the exact moments from growing without end. Go's programs, which forward tasks too, know nothing of them. With each
-- \`added\` moment, it removes some that passed a minute ago and that no task waits for. The key itself ends a day or two after
-- its last moment. \`first\` is the first moment before the call. A refusal changes nothing.
local function keepDue(dueKey, scheduledKey, retryKey, tasks, nowSec, first, latest, added)
  local passedMs = nowSec * 1000 - 60000
  if first and first < passedMs then
    local passed = redis.pcall(
      'ZRANGEBYSCORE', dueKey, '-inf', string.format('%.0f', passedMs), 'WITHSCORES', 'LIMIT', 0, added + 16
    )
    for index = 1, #passed, 2 do
      local id, second = passed[index], math.ceil(tonumber(passed[index + 1]) / 1000)
      local waits = redis.pcall('ZSCORE', scheduledKey, id)
      if not waits then waits = redis.pcall('ZSCORE', retryKey, id) end
      local state = not waits and redis.pcall('HGET', tasks .. id, 'state')
      -- The moment of a waiting task that no list names is kept: only it tells when to run the task.
      local isLost = state == 'scheduled' or state == 'retry' or type(state) == 'table'
      if type(waits) == 'string' and tonumber(waits) ~= second or not waits and not isLost then
        redis.pcall('ZREM', dueKey, id)
      end
    end
  end
  local needed = math.ceil(latest / 1000) + 86400
  local left = redis.pcall('TTL', dueKey)
  if type(left) == 'number' and left < needed - nowSec then
    redis.pcall('EXPIRE', dueKey, string.format('%.0f', math.max(needed - nowSec, 0) + 86400))
  end
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
local refused, ready, special, seen = {}, {}, {}, {}
local messages, earliest, latest, before, beforeExact, added = {}, nil, nil, nil, nil, 0

-- The values that an item's flags announce, and where the next item begins.
local function wishesOf(at, flags)
  local score, moment, group, lock, life, exact
  if flags % 2 >= 1 then score, moment, at = items[at], items[at + 1], at + 2 end
  if flags % 4 >= 2 then group, at = items[at], at + 1 end
  if flags % 8 >= 4 then lock, life, at = items[at], items[at + 1], at + 2 end
  if flags >= 8 then exact, at = items[at], at + 1 end
  return at, score, moment, group, lock, life, exact
end

-- \`freed\` is a lock that counts as free.
local function decideItems(freed)
  local at, position, total, locks, hasGroups = 1, 0, #items, {}, false
  while at <= total do
    local start, id, flags = at, items[at], items[at + 2]
    at = at + 3
    -- The same id may come twice in one call. The second item must find the first.
    local reason = (seen[id] or redis.call('EXISTS', taskPrefix .. id) == 1) and 0
    if flags > 0 then
      local score, moment, group, lock
      at, score, moment, group, lock = wishesOf(at, flags)
      if not reason and group and not score and read('ZCARD', groupPrefix .. group) == nil then reason = 2 end
      if not reason and lock then
        local owner = locks[lock] or lock ~= freed and read('GET', lock)
        if owner == nil then reason = 1 elseif owner then reason = owner end
      end
      if not reason then
        if lock then locks[lock] = id end
        if group then hasGroups = true end
        if score then
          if earliest == nil or moment < earliest then earliest = moment end
          if moment < score * 1000 then
            added = added + 1
            if latest == nil or moment > latest then latest = moment end
          end
        end
        special[#special + 1] = start
        if not score and not group then ready[#ready + 1] = id end
      end
    elseif not reason then
      ready[#ready + 1] = id
      messages[#ready] = items[start + 1]
    end
    if reason then
      refused[#refused + 1] = position
      refused[#refused + 1] = reason
    else
      seen[id] = true
    end
    position = position + 1
  end
  if hasGroups then mustBeSets(groups) end
  if earliest then before, beforeExact = nextDue(due, scheduled, retry) end
end

local failure

-- Runs a command. Returns whether it was carried out.
local function wrote(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return true end
  failure = answer.err
  return false
end

local function putSpecial(start)
  local id, msg, flags = items[start], items[start + 1], items[start + 2]
  local _, score, moment, group, lock, life, exact = wishesOf(start + 3, flags)
  if lock and not wrote('SET', lock, id, 'NX', 'EX', life) then return false end
  local fields
  if score then
    fields = { 'msg', msg, 'state', 'scheduled' }
    if moment < score * 1000 and not wrote('ZADD', due, moment, id) then return false end
    if not wrote('ZADD', scheduled, score, id) then return false end
  elseif group then
    fields = { 'msg', msg, 'state', 'aggregating' }
    if not wrote('ZADD', groupPrefix .. group, nowSec, id) then return false end
  else
    fields = { 'msg', msg, waitsSince(nowNs) }
  end
  if lock then fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock end
  if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
  if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
  -- The name must be there when a Go program forwards the task into its group: the Go program does not add it.
  if group and not wrote('SADD', groups, group) then return false end
  return wrote('HSET', taskPrefix .. id, unpack(fields))
end

-- List entries are written first. An entry without a body is no task, so no task is ever stored by half.
local function putAll()
  local refusal, pushed = joinBack(ready, #ready, redis.pcall)
  if refusal then
    failure = refusal.err
    return pushed
  end
  local stateField, state, sinceField, since = waitsSince(nowNs)
  for index, msg in pairs(messages) do
    if not wrote('HSET', taskPrefix .. ready[index], 'msg', msg, stateField, state, sinceField, since) then return #ready end
  end
  for _, start in ipairs(special) do
    if not putSpecial(start) then return #ready end
  end
end

-- Takes back everything written before the refusal, and ends the script with the refusal.
local function undo(pushed)
  if pushed > 0 then leaveBack(pushed) end
  for index in pairs(messages) do redis.pcall('DEL', taskPrefix .. ready[index]) end
  for _, start in ipairs(special) do
    local id = items[start]
    local _, score, _, group, lock = wishesOf(start + 3, items[start + 2])
    redis.pcall('DEL', taskPrefix .. id)
    if score then
      redis.pcall('ZREM', scheduled, id)
      redis.pcall('ZREM', due, id)
    elseif group then
      redis.pcall('ZREM', groupPrefix .. group, id)
    end
    if lock and redis.pcall('GET', lock) == id then redis.pcall('DEL', lock) end
  end
  fail(failure)
end

local function putItems()
  local pushed = putAll()
  if pushed then undo(pushed) end
  if not earliest then return end
  if latest then keepDue(due, scheduled, retry, taskPrefix, tonumber(nowSec), beforeExact, latest, added) end
  -- A server that misses it comes only a little late.
  if before == nil or earliest <= before then
    redis.pcall('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
  end
end
decideItems()
putItems()
return refused
`;

export const evictLua = `-- Refuses a server's further claims from a queue, and frees the tasks that it holds there. Looks at one step of a walk over
-- all leases. The first step also looks at tasks that a server of another library said it runs.
-- KEYS 1 pending  2 active  3 lease  4 mark that refuses the server's claims
-- ARGV 1 prefix of task keys  2 now in ns  3 beginning of the server's tokens  4 life of the mark in s
--      5 cursor of the walk  6 limit  7 attempt line  8.. ids that a server of another library said it runs
-- Returns 1 ids that were freed  2 the next cursor  3 whether to go on: 0 at the end of the walk. With more in this step
--   than the limit the cursor is the same as before
local pending, active, lease, mark = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local taskPrefix, nowNs, tokens, cursor, limit = ARGV[1], ARGV[2], ARGV[3], ARGV[5], tonumber(ARGV[6])
-- The newest lines of a task's attempt history, with one more line. Nil when there is no line to add.
local function attemptsWith(key, line)
  if line == '' then return nil end
  local lines = redis.call('HGET', key, 'hk:attempts')
  if lines then
    line = lines .. '\\n' .. line
    local _, breaks = string.gsub(line, '\\n', '')
    while breaks >= 20 do
      line = string.sub(line, string.find(line, '\\n', 1, true) + 1)
      breaks = breaks - 1
    end
    -- Only the newest keep their stack, which is the end of a line.
    if breaks >= 5 and string.find(line, ',"stack":"', 1, true) then
      local ends = 0
      for _ = 5, breaks do ends = string.find(line, '\\n', ends + 1, true) end
      line = string.gsub(string.sub(line, 1, ends), ',"stack":"[^\\n]*', '}') .. string.sub(line, ends + 1)
    end
  end
  return line
end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
mustBeLists(pending, active)
mustBeSortedSets(lease)
mustBeAble(
  taskPrefix, 'SET', 'HMGET', 'ZSCORE', 'ZSCAN', 'ZREM', 'LREM', 'RPUSH', 'HSET', 'HDEL', 'HGET'
)
redis.call('SET', mark, '1', 'EX', ARGV[4])
local freed = {}

local function free(id, key)
  endLease(id, key)
  joinFront({ id }, 1)
  redis.call('HSET', key, waitsSince(nowNs))
  local attempts = attemptsWith(key, ARGV[7])
  if attempts then redis.call('HSET', key, 'hk:attempts', attempts) end
  freed[#freed + 1] = id
end

-- Recovery knows what to do with ids without a body, with what is no task, and with tasks that are in another state by now.
for index = 8, #ARGV do
  local id = ARGV[index]
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'msg', 'state', 'hk:lease')
  local ends = redis.call('ZSCORE', lease, id)
  if found and found[1] and found[2] == 'active' and ends and not tokenIn(found[3], ends) then free(id, key) end
end

local step = redis.call('ZSCAN', lease, cursor, 'COUNT', 500)
for index = 1, #step[2], 2 do
  local id = step[2][index]
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'msg', 'state', 'hk:lease')
  local token = found and tokenIn(found[3], redis.call('ZSCORE', lease, id))
  if token and string.sub(token, 1, #tokens) == tokens and found[1] and found[2] == 'active' then
    if #freed >= limit then return { freed, cursor, 1 } end
    free(id, key)
  end
end
return { freed, step[1], step[1] == '0' and 0 or 1 }
`;

export const extendLua = `-- Moves the end of leases further out. Leases that the caller does not hold any more stay as they are.
-- KEYS 1 lease
-- ARGV 1 prefix of task keys  2 new end in s  3.. id, token, for each
-- Returns positions (from 0) of the leases that were lost
local lease = KEYS[1]
local taskPrefix, newEnd = ARGV[1], ARGV[2]
local lost = {}
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
beginWithoutMemory()
for index = 3, #ARGV, 2 do
  local id, token = ARGV[index], ARGV[index + 1]
  local key = taskPrefix .. id
  local ends = endHeldBy(lease, key, id, token)
  if ends then
    local refusal = moveLease(key, id, token, ends, newEnd)
    if refusal then return refusal end
  else
    lost[#lost + 1] = (index - 3) / 2
  end
end
return lost
`;

export const finishSetLua = `-- Enqueues the one task that was made of a set, and removes the set. The rest of a large set becomes leftovers: no other
-- program sees them, and their bodies are removed later.
-- KEYS 1 set  2 all sets  3 pending  4 scheduled  5 retry  6 groups  7 exact due moments  8 the set's leftovers
--      9 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ns  4 now in s  5 queue  6 channel for "due sooner"
--      7 the one task as for enqueue, or no items  8 the set's end in s  9 its id  10 prefix of locks  11 slice
-- Returns 0 when the set is gone, 1 when it is done, 2 when the id is taken, 3 where something else lies in the lock's
--   place, 4 in the group's, or the id of the lock's owner
local set, sets, pending, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local groups, due, leftovers, allLeftovers = KEYS[6], KEYS[7], KEYS[8], KEYS[9]
local taskPrefix, groupPrefix, nowNs, nowSec, queue, channel = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local items, setEnd, setId, lockPrefix, slice = cmsgpack.unpack(ARGV[7]), tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]
-- Enqueues the items of ARGV[7] of the enqueue script, with the script's names. \`decideItems\` reads, and leaves the items that
-- are not accepted in \`refused\`. \`putItems\` writes the others, all or none.
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
-- Keeps the exact moments from growing without end. Go's programs, which forward tasks too, know nothing of them. With each
-- \`added\` moment, it removes some that passed a minute ago and that no task waits for. The key itself ends a day or two after
-- its last moment. \`first\` is the first moment before the call. A refusal changes nothing.
local function keepDue(dueKey, scheduledKey, retryKey, tasks, nowSec, first, latest, added)
  local passedMs = nowSec * 1000 - 60000
  if first and first < passedMs then
    local passed = redis.pcall(
      'ZRANGEBYSCORE', dueKey, '-inf', string.format('%.0f', passedMs), 'WITHSCORES', 'LIMIT', 0, added + 16
    )
    for index = 1, #passed, 2 do
      local id, second = passed[index], math.ceil(tonumber(passed[index + 1]) / 1000)
      local waits = redis.pcall('ZSCORE', scheduledKey, id)
      if not waits then waits = redis.pcall('ZSCORE', retryKey, id) end
      local state = not waits and redis.pcall('HGET', tasks .. id, 'state')
      -- The moment of a waiting task that no list names is kept: only it tells when to run the task.
      local isLost = state == 'scheduled' or state == 'retry' or type(state) == 'table'
      if type(waits) == 'string' and tonumber(waits) ~= second or not waits and not isLost then
        redis.pcall('ZREM', dueKey, id)
      end
    end
  end
  local needed = math.ceil(latest / 1000) + 86400
  local left = redis.pcall('TTL', dueKey)
  if type(left) == 'number' and left < needed - nowSec then
    redis.pcall('EXPIRE', dueKey, string.format('%.0f', math.max(needed - nowSec, 0) + 86400))
  end
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
local refused, ready, special, seen = {}, {}, {}, {}
local messages, earliest, latest, before, beforeExact, added = {}, nil, nil, nil, nil, 0

-- The values that an item's flags announce, and where the next item begins.
local function wishesOf(at, flags)
  local score, moment, group, lock, life, exact
  if flags % 2 >= 1 then score, moment, at = items[at], items[at + 1], at + 2 end
  if flags % 4 >= 2 then group, at = items[at], at + 1 end
  if flags % 8 >= 4 then lock, life, at = items[at], items[at + 1], at + 2 end
  if flags >= 8 then exact, at = items[at], at + 1 end
  return at, score, moment, group, lock, life, exact
end

-- \`freed\` is a lock that counts as free.
local function decideItems(freed)
  local at, position, total, locks, hasGroups = 1, 0, #items, {}, false
  while at <= total do
    local start, id, flags = at, items[at], items[at + 2]
    at = at + 3
    -- The same id may come twice in one call. The second item must find the first.
    local reason = (seen[id] or redis.call('EXISTS', taskPrefix .. id) == 1) and 0
    if flags > 0 then
      local score, moment, group, lock
      at, score, moment, group, lock = wishesOf(at, flags)
      if not reason and group and not score and read('ZCARD', groupPrefix .. group) == nil then reason = 2 end
      if not reason and lock then
        local owner = locks[lock] or lock ~= freed and read('GET', lock)
        if owner == nil then reason = 1 elseif owner then reason = owner end
      end
      if not reason then
        if lock then locks[lock] = id end
        if group then hasGroups = true end
        if score then
          if earliest == nil or moment < earliest then earliest = moment end
          if moment < score * 1000 then
            added = added + 1
            if latest == nil or moment > latest then latest = moment end
          end
        end
        special[#special + 1] = start
        if not score and not group then ready[#ready + 1] = id end
      end
    elseif not reason then
      ready[#ready + 1] = id
      messages[#ready] = items[start + 1]
    end
    if reason then
      refused[#refused + 1] = position
      refused[#refused + 1] = reason
    else
      seen[id] = true
    end
    position = position + 1
  end
  if hasGroups then mustBeSets(groups) end
  if earliest then before, beforeExact = nextDue(due, scheduled, retry) end
end

local failure

-- Runs a command. Returns whether it was carried out.
local function wrote(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return true end
  failure = answer.err
  return false
end

local function putSpecial(start)
  local id, msg, flags = items[start], items[start + 1], items[start + 2]
  local _, score, moment, group, lock, life, exact = wishesOf(start + 3, flags)
  if lock and not wrote('SET', lock, id, 'NX', 'EX', life) then return false end
  local fields
  if score then
    fields = { 'msg', msg, 'state', 'scheduled' }
    if moment < score * 1000 and not wrote('ZADD', due, moment, id) then return false end
    if not wrote('ZADD', scheduled, score, id) then return false end
  elseif group then
    fields = { 'msg', msg, 'state', 'aggregating' }
    if not wrote('ZADD', groupPrefix .. group, nowSec, id) then return false end
  else
    fields = { 'msg', msg, waitsSince(nowNs) }
  end
  if lock then fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock end
  if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
  if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
  -- The name must be there when a Go program forwards the task into its group: the Go program does not add it.
  if group and not wrote('SADD', groups, group) then return false end
  return wrote('HSET', taskPrefix .. id, unpack(fields))
end

-- List entries are written first. An entry without a body is no task, so no task is ever stored by half.
local function putAll()
  local refusal, pushed = joinBack(ready, #ready, redis.pcall)
  if refusal then
    failure = refusal.err
    return pushed
  end
  local stateField, state, sinceField, since = waitsSince(nowNs)
  for index, msg in pairs(messages) do
    if not wrote('HSET', taskPrefix .. ready[index], 'msg', msg, stateField, state, sinceField, since) then return #ready end
  end
  for _, start in ipairs(special) do
    if not putSpecial(start) then return #ready end
  end
end

-- Takes back everything written before the refusal, and ends the script with the refusal.
local function undo(pushed)
  if pushed > 0 then leaveBack(pushed) end
  for index in pairs(messages) do redis.pcall('DEL', taskPrefix .. ready[index]) end
  for _, start in ipairs(special) do
    local id = items[start]
    local _, score, _, group, lock = wishesOf(start + 3, items[start + 2])
    redis.pcall('DEL', taskPrefix .. id)
    if score then
      redis.pcall('ZREM', scheduled, id)
      redis.pcall('ZREM', due, id)
    elseif group then
      redis.pcall('ZREM', groupPrefix .. group, id)
    end
    if lock and redis.pcall('GET', lock) == id then redis.pcall('DEL', lock) end
  end
  fail(failure)
end

local function putItems()
  local pushed = putAll()
  if pushed then undo(pushed) end
  if not earliest then return end
  if latest then keepDue(due, scheduled, retry, taskPrefix, tonumber(nowSec), beforeExact, latest, added) end
  -- A server that misses it comes only a little late.
  if before == nil or earliest <= before then
    redis.pcall('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
  end
end

-- The uniqueness lock that a task took. Some Go programs write it into the message (field 10) only.
local function lockOf(stored, msg)
  if stored and stored ~= '' then return stored end
  local at, size = 1, msg and #msg or 0
  local function varint()
    local value, scale = 0, 1
    for _ = 1, 10 do
      local byte = string.byte(msg, at)
      if not byte then return nil end
      at = at + 1
      if byte < 128 then return value + byte * scale end
      value = value + (byte - 128) * scale
      scale = scale * 128
    end
    return nil
  end
  while at <= size do
    local tag = varint()
    local wire = tag and tag % 8
    if wire == 2 then
      local length = varint()
      if not length then return nil end
      if tag == 82 then return string.sub(msg, at, at + length - 1) end
      at = at + length
    elseif wire == 0 then
      if not varint() then return nil end
    elseif wire == 1 then
      at = at + 8
    elseif wire == 5 then
      at = at + 4
    else
      return nil
    end
  end
  return nil
end

-- Frees the lock if the task still owns it. A key that is no lock of this queue is left alone.
local function release(lock, lockPrefix, id)
  if not lock or string.sub(lock, 1, #lockPrefix) ~= lockPrefix then return end
  if redis.pcall('GET', lock) == id then redis.call('DEL', lock) end
end
-- Removes the first tasks of a set, with their bodies and locks.
local function dropMembers(set, taskPrefix, lockPrefix, most)
  local ids = redis.call('ZRANGE', set, 0, most - 1)
  for _, id in ipairs(ids) do
    local key = taskPrefix .. id
    local found = read('HMGET', key, 'unique_key', 'msg')
    if found then
      release(lockOf(found[1], found[2]), lockPrefix, id)
      redis.call('DEL', key)
    end
  end
  if #ids > 0 then redis.call('ZREMRANGEBYRANK', set, 0, #ids - 1) end
end
if tonumber(redis.call('ZSCORE', sets, set) or -1) ~= setEnd then return 0 end
local heldLock
if items[1] then
  if redis.call('EXISTS', taskPrefix .. items[1]) == 1 then return 2 end
  local flags = items[3]
  if flags % 8 >= 4 then
    local lock = items[4 + flags % 2 * 2 + math.floor(flags % 4 / 2)]
    local owner = read('GET', lock)
    if owner == nil then return 3 end
    if owner and not redis.call('ZSCORE', set, owner) then return owner end
    heldLock = owner and lock
  end
end
decideItems(heldLock)
if refused[2] == 2 then return 4 end
local members = redis.call('ZCARD', set)
mustBeLists(pending)
mustBeSets(allLeftovers)
mustBeAble(
  taskPrefix, 'ZADD', 'ZREM', 'ZREMRANGEBYRANK', 'ZRANGE', 'DEL', 'GET', 'HMGET', 'EXISTS', 'RENAME', 'SADD', 'PTTL', 'SET', 'HSET', 'LPUSH'
)
-- The lock belongs to a task of the set, which is about to be removed.
if heldLock then redis.call('DEL', heldLock) end
putItems()
dropMembers(set, taskPrefix, lockPrefix, slice)
redis.call('ZREM', sets, set)
if members > tonumber(slice) then
  redis.call('RENAME', set, leftovers)
  redis.call('SADD', allLeftovers, setId)
end
return 1
`;

export const fireTurnLua = `-- Enqueues the task of one turn of a scheduler entry, and remembers the turn.
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
-- Enqueues the items of ARGV[7] of the enqueue script, with the script's names. \`decideItems\` reads, and leaves the items that
-- are not accepted in \`refused\`. \`putItems\` writes the others, all or none.
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
-- Keeps the exact moments from growing without end. Go's programs, which forward tasks too, know nothing of them. With each
-- \`added\` moment, it removes some that passed a minute ago and that no task waits for. The key itself ends a day or two after
-- its last moment. \`first\` is the first moment before the call. A refusal changes nothing.
local function keepDue(dueKey, scheduledKey, retryKey, tasks, nowSec, first, latest, added)
  local passedMs = nowSec * 1000 - 60000
  if first and first < passedMs then
    local passed = redis.pcall(
      'ZRANGEBYSCORE', dueKey, '-inf', string.format('%.0f', passedMs), 'WITHSCORES', 'LIMIT', 0, added + 16
    )
    for index = 1, #passed, 2 do
      local id, second = passed[index], math.ceil(tonumber(passed[index + 1]) / 1000)
      local waits = redis.pcall('ZSCORE', scheduledKey, id)
      if not waits then waits = redis.pcall('ZSCORE', retryKey, id) end
      local state = not waits and redis.pcall('HGET', tasks .. id, 'state')
      -- The moment of a waiting task that no list names is kept: only it tells when to run the task.
      local isLost = state == 'scheduled' or state == 'retry' or type(state) == 'table'
      if type(waits) == 'string' and tonumber(waits) ~= second or not waits and not isLost then
        redis.pcall('ZREM', dueKey, id)
      end
    end
  end
  local needed = math.ceil(latest / 1000) + 86400
  local left = redis.pcall('TTL', dueKey)
  if type(left) == 'number' and left < needed - nowSec then
    redis.pcall('EXPIRE', dueKey, string.format('%.0f', math.max(needed - nowSec, 0) + 86400))
  end
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
local refused, ready, special, seen = {}, {}, {}, {}
local messages, earliest, latest, before, beforeExact, added = {}, nil, nil, nil, nil, 0

-- The values that an item's flags announce, and where the next item begins.
local function wishesOf(at, flags)
  local score, moment, group, lock, life, exact
  if flags % 2 >= 1 then score, moment, at = items[at], items[at + 1], at + 2 end
  if flags % 4 >= 2 then group, at = items[at], at + 1 end
  if flags % 8 >= 4 then lock, life, at = items[at], items[at + 1], at + 2 end
  if flags >= 8 then exact, at = items[at], at + 1 end
  return at, score, moment, group, lock, life, exact
end

-- \`freed\` is a lock that counts as free.
local function decideItems(freed)
  local at, position, total, locks, hasGroups = 1, 0, #items, {}, false
  while at <= total do
    local start, id, flags = at, items[at], items[at + 2]
    at = at + 3
    -- The same id may come twice in one call. The second item must find the first.
    local reason = (seen[id] or redis.call('EXISTS', taskPrefix .. id) == 1) and 0
    if flags > 0 then
      local score, moment, group, lock
      at, score, moment, group, lock = wishesOf(at, flags)
      if not reason and group and not score and read('ZCARD', groupPrefix .. group) == nil then reason = 2 end
      if not reason and lock then
        local owner = locks[lock] or lock ~= freed and read('GET', lock)
        if owner == nil then reason = 1 elseif owner then reason = owner end
      end
      if not reason then
        if lock then locks[lock] = id end
        if group then hasGroups = true end
        if score then
          if earliest == nil or moment < earliest then earliest = moment end
          if moment < score * 1000 then
            added = added + 1
            if latest == nil or moment > latest then latest = moment end
          end
        end
        special[#special + 1] = start
        if not score and not group then ready[#ready + 1] = id end
      end
    elseif not reason then
      ready[#ready + 1] = id
      messages[#ready] = items[start + 1]
    end
    if reason then
      refused[#refused + 1] = position
      refused[#refused + 1] = reason
    else
      seen[id] = true
    end
    position = position + 1
  end
  if hasGroups then mustBeSets(groups) end
  if earliest then before, beforeExact = nextDue(due, scheduled, retry) end
end

local failure

-- Runs a command. Returns whether it was carried out.
local function wrote(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return true end
  failure = answer.err
  return false
end

local function putSpecial(start)
  local id, msg, flags = items[start], items[start + 1], items[start + 2]
  local _, score, moment, group, lock, life, exact = wishesOf(start + 3, flags)
  if lock and not wrote('SET', lock, id, 'NX', 'EX', life) then return false end
  local fields
  if score then
    fields = { 'msg', msg, 'state', 'scheduled' }
    if moment < score * 1000 and not wrote('ZADD', due, moment, id) then return false end
    if not wrote('ZADD', scheduled, score, id) then return false end
  elseif group then
    fields = { 'msg', msg, 'state', 'aggregating' }
    if not wrote('ZADD', groupPrefix .. group, nowSec, id) then return false end
  else
    fields = { 'msg', msg, waitsSince(nowNs) }
  end
  if lock then fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock end
  if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
  if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
  -- The name must be there when a Go program forwards the task into its group: the Go program does not add it.
  if group and not wrote('SADD', groups, group) then return false end
  return wrote('HSET', taskPrefix .. id, unpack(fields))
end

-- List entries are written first. An entry without a body is no task, so no task is ever stored by half.
local function putAll()
  local refusal, pushed = joinBack(ready, #ready, redis.pcall)
  if refusal then
    failure = refusal.err
    return pushed
  end
  local stateField, state, sinceField, since = waitsSince(nowNs)
  for index, msg in pairs(messages) do
    if not wrote('HSET', taskPrefix .. ready[index], 'msg', msg, stateField, state, sinceField, since) then return #ready end
  end
  for _, start in ipairs(special) do
    if not putSpecial(start) then return #ready end
  end
end

-- Takes back everything written before the refusal, and ends the script with the refusal.
local function undo(pushed)
  if pushed > 0 then leaveBack(pushed) end
  for index in pairs(messages) do redis.pcall('DEL', taskPrefix .. ready[index]) end
  for _, start in ipairs(special) do
    local id = items[start]
    local _, score, _, group, lock = wishesOf(start + 3, items[start + 2])
    redis.pcall('DEL', taskPrefix .. id)
    if score then
      redis.pcall('ZREM', scheduled, id)
      redis.pcall('ZREM', due, id)
    elseif group then
      redis.pcall('ZREM', groupPrefix .. group, id)
    end
    if lock and redis.pcall('GET', lock) == id then redis.pcall('DEL', lock) end
  end
  fail(failure)
end

local function putItems()
  local pushed = putAll()
  if pushed then undo(pushed) end
  if not earliest then return end
  if latest then keepDue(due, scheduled, retry, taskPrefix, tonumber(nowSec), beforeExact, latest, added) end
  -- A server that misses it comes only a little late.
  if before == nil or earliest <= before then
    redis.pcall('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
  end
end
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
`;

export const forwardDueLua = `-- Moves due tasks to their queue or group. None is moved early.
-- KEYS 1 pending  2 scheduled  3 retry  4 groups  5 exact due moments  6 archived  7 lease  8 policy of the queue
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now in ms  4 now in s  5 now in ns  6 limit
-- Returns 1 how many were moved  2 the next due moment in ms as text, or empty  3 1 where a lease has ended, else 0
--   4 ids without a body, which were dropped  5 ids that were archived because they can't be put in line, each with why or empty
local pending, scheduled, retry, groups, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, nowMs, nowSec, nowNs = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local limit, isStrict = tonumber(ARGV[6]), nil
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end

-- From here on the script only reads, to find out what to do.
local ready, again, ghosts, grouped, strangers = {}, {}, {}, {}, {}
local passed, leaving, moved, seen = {}, { [scheduled] = {}, [retry] = {} }, 0, {}
-- A task waits since it was due, also if nobody was there to move it then.
local sinceNs = {}

local function move(source, id, dueMs)
  seen[id] = true
  sinceNs[id] = dueMs > 0 and string.format('%.0f000000', dueMs) or nowNs
  moved = moved + 1
  leaving[source][#leaving[source] + 1] = id
  local found = read('HMGET', taskPrefix .. id, 'state', 'group', 'msg')
  local group = found and found[2] and found[2] ~= '' and found[2]
  if not found then
    -- What lies under its key is no task. The id is kept where it can be seen; the key stays as it is.
    strangers[#strangers + 1] = { id }
  elseif group and not read('ZCARD', groupPrefix .. group) then
    strangers[#strangers + 1] = { id, 'its group is none' }
  elseif not found[3] then
    -- An id without a body can't run. It can only be dropped.
    ghosts[#ghosts + 1] = id
  elseif group then
    grouped[#grouped + 1] = { id, group }
  else
    if source == retry and isStrict == nil then isStrict = read('GET', KEYS[8]) == 'ordered:strict' end
    local list = isStrict and source == retry and again or ready
    list[#list + 1] = id
  end
end

local exact = redis.call('ZRANGEBYSCORE', due, '-inf', nowMs, 'WITHSCORES', 'LIMIT', 0, limit)
for index = 1, #exact, 2 do
  local id = exact[index]
  local dueMs = tonumber(exact[index + 1])
  local second = math.ceil(dueMs / 1000)
  passed[#passed + 1] = id
  -- The exact moment counts only while the set still has the second that was written with it. Otherwise others moved the task.
  if tonumber(redis.call('ZSCORE', scheduled, id) or -1) == second then
    move(scheduled, id, dueMs)
  elseif tonumber(redis.call('ZSCORE', retry, id) or -1) == second then
    move(retry, id, dueMs)
  end
end
for _, source in ipairs({ scheduled, retry }) do
  if moved < limit then
    local listed = redis.call('ZRANGEBYSCORE', source, '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, limit)
    for index = 1, #listed, 2 do
      local id = listed[index]
      if moved < limit and not seen[id] then
        passed[#passed + 1] = id
        move(source, id, tonumber(listed[index + 1]) * 1000)
      end
    end
  end
end

local over = redis.call('ZRANGEBYSCORE', KEYS[7], '-inf', nowSec, 'LIMIT', 0, 1)

local function inSlices(command, key, list)
  for from = 1, #list, 1000 do redis.call(command, key, unpack(list, from, math.min(from + 999, #list))) end
end

if #passed > 0 then
  mustBeLists(pending)
  if #grouped > 0 then mustBeSets(groups) end
  if #strangers > 0 then mustBeSortedSets(KEYS[6]) end
  mustBeAble(taskPrefix, 'ZREM', 'DEL', 'ZADD', 'SADD', 'HSET', 'LPUSH', 'RPUSH', 'ZRANGE', 'ZRANGEBYSCORE')
  inSlices('ZREM', due, passed)
  inSlices('ZREM', scheduled, leaving[scheduled])
  inSlices('ZREM', retry, leaving[retry])
  for _, id in ipairs(ghosts) do redis.call('DEL', taskPrefix .. id) end
  for _, stranger in ipairs(strangers) do
    local id, reason = stranger[1], stranger[2]
    redis.call('ZADD', KEYS[6], nowSec, id)
    if reason then redis.call('HSET', taskPrefix .. id, 'state', 'archived', 'hk:reason', reason) end
  end
  for _, member in ipairs(grouped) do
    local id, group = member[1], member[2]
    redis.call('ZADD', groupPrefix .. group, nowSec, id)
    redis.call('SADD', groups, group)
    redis.call('HSET', taskPrefix .. id, 'state', 'aggregating')
  end
  for _, list in ipairs({ ready, again }) do
    for _, id in ipairs(list) do redis.call('HSET', taskPrefix .. id, waitsSince(sinceNs[id])) end
  end
  joinBack(ready, #ready)
  joinFront(again, #again)
end
local following = nextDue(due, scheduled, retry)
local archived = {}
for index, stranger in ipairs(strangers) do
  archived[2 * index - 1], archived[2 * index] = stranger[1], stranger[2] or ''
end
return { moved, following and string.format('%.0f', following) or '', #over, ghosts, archived }
`;

export const freeLocksLua = `-- Frees those locks whose owner does not exist.
-- KEYS 1.. locks   ARGV 1 prefix of task keys   Returns how many were freed
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local freed = 0
for _, lock in ipairs(KEYS) do
  local owner = read('GET', lock)
  if owner == nil or (owner and redis.call('EXISTS', ARGV[1] .. owner) == 0) then
    freed = freed + redis.call('UNLINK', lock)
  end
end
return freed
`;

export const listGroupsLua = `-- Returns a page of the groups that hold tasks. A name without tasks stays: a scheduled task may be about to join. A key that
-- is no group is passed over.
-- KEYS 1 groups   ARGV 1 prefix of group keys  2 cursor  3 names a page
-- Returns 1 the next cursor, "0" at the end  2 name, size, oldest and newest score in s, for each
local page = redis.call('SSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local found = {}
for _, name in ipairs(page[2]) do
  local key = ARGV[1] .. name
  local oldest = redis.pcall('ZRANGE', key, 0, 0, 'WITHSCORES')
  if oldest[2] then
    local size = #found
    found[size + 1], found[size + 2] = name, redis.call('ZCARD', key)
    found[size + 3], found[size + 4] = oldest[2], redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  end
end
return { page[1], found }
`;

export const listTasksLua = `-- Reads a page of a container: whole tasks, whose bytes may fit the filter. Looks at a bounded number of tasks.
-- KEYS 1 container  2 lease  3 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of container keys  3 kind of container: list (read from its end) or zset
--      4 most tasks to read  5 most to look at  6 most bytes to look at
--      7 where the page before ended: score, or places from the list's end; empty for the first page
--      8 id of the last task that was looked at   9 lowest score, or empty  10 highest score, or empty
--      11 id prefix  12 part of the message  13 part of the message  14 part of the message in lower case (each or empty)
-- Returns 1 for each task its id and what \`readTask\` says  2 where this page ended, as in 7  3 id of the last task that
--   was looked at  4 how many were looked at  5 whether there are more
local container, lease, due = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, containerPrefix, kind = ARGV[1], ARGV[2], ARGV[3]
local limit, mostScanned, mostBytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local lastPlace, lastId, lowest, highest = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local idPrefix, firstPart, secondPart, lowerPart = ARGV[11], ARGV[12], ARGV[13], ARGV[14]
-- One whole task, as a list:
--   1 message, false when there is none  2 state  3 pending since  4 result  5 exact times  6 attempts  7 lease value
--   8 lease end  9 score in the container of its state  10 exact due moment in ms
--   11 what lies under its key: 0 nothing, 1 a task, 2 something else  12 how often its worker was lost  13 progress
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local function readTask(taskKey, containerPrefix, leaseKey, dueKey, id)
  local found = read(
    'HMGET', taskKey, 'msg', 'state', 'pending_since', 'result', 'hk:exact', 'hk:attempts', 'hk:lease', 'hk:lost', 'hk:progress'
  )
  if not found then return { false, false, false, false, false, false, false, false, false, false, 2 } end
  local state, lost, progress = found[2], found[8], found[9]
  local waits = state == 'scheduled' or state == 'retry'
  local scored = waits or state == 'archived' or state == 'completed'
  found[8] = state == 'active' and redis.call('ZSCORE', leaseKey, id)
  found[9] = scored and redis.call('ZSCORE', containerPrefix .. state, id)
  found[10] = waits and redis.call('ZSCORE', dueKey, id)
  found[12], found[13] = lost, progress
  found[11] = (found[1] or redis.call('EXISTS', taskKey) == 1) and 1 or 0
  return found
end

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
`;

export const memoryLua = `-- Estimates how many bytes a queue's tasks take, from up to 20 tasks of each container.
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
`;

export const pauseLua = `-- Pauses a queue, and notes who did.
-- KEYS 1 pause flag  2 note
-- ARGV 1 now (unix seconds)  2 the note, or empty
-- Returns 1, or 0 when it was paused before
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
-- The note first: alone it says nothing, and a pause must not be answered with an error.
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2]) else redis.call('DEL', KEYS[2]) end
redis.call('SET', KEYS[1], ARGV[1])
return 1
`;

export const probeLua = `-- Does what a queue's tasks need Redis to do, on a key of its own, which is gone afterwards. It fails like any other script when
-- memory, permission or disk is missing, or this is a replica. Then it touches the keys of the queue in ways that change
-- nothing. That fails when a key holds something else, or this user may not write it.
-- KEYS 1 the key of its own  2 pending  3 active  4 lease  5 scheduled  6 retry  7 archived  8 completed
--      9 exact due moments  10 groups
-- ARGV 1 whether to write (0 or 1), or to touch only  2 name of a member that nobody has  3 channel that nobody listens to
-- Returns the first key that can't be touched and why; nothing where all can
local own, groups = KEYS[1], KEYS[10]
local nobody, channel = ARGV[2], ARGV[3]
local call = redis.call

if ARGV[1] == '1' then
  -- If the script ends half-way, what it has written ends by itself.
  call('SET', own, '1', 'EX', '60')
  call('GET', own)
  call('INCRBY', own, '1')
  call('EXPIREAT', own, '4102444800')
  call('TTL', own)
  call('EXISTS', own)
  call('DEL', own)

  call('HSET', own, 'msg', '1', 'count', '0')
  call('EXPIRE', own, '60')
  call('HGET', own, 'msg')
  call('HMGET', own, 'msg', 'state')
  call('HINCRBY', own, 'count', '1')
  call('HDEL', own, 'count')
  call('DEL', own)

  call('LPUSH', own, '1')
  call('EXPIRE', own, '60')
  call('RPUSH', own, '2')
  call('LRANGE', own, '0', '-1')
  call('LPOS', own, '2')
  call('LREM', own, '1', '2')
  call('RPOP', own, '1')
  call('DEL', own)

  call('ZADD', own, '1', 'a', '2', 'b')
  call('EXPIRE', own, '60')
  call('ZSCORE', own, 'a')
  call('ZMSCORE', own, 'a', 'b')
  call('ZRANGE', own, '0', '0')
  call('ZRANGEBYSCORE', own, '-inf', '+inf', 'LIMIT', '0', '1')
  call('ZSCAN', own, '0')
  call('ZREM', own, 'a')
  call('DEL', own)

  call('SADD', own, '1')
  call('EXPIRE', own, '60')
  call('DEL', own)
  call('PUBLISH', channel, '')
end

local refused

local function touch(key, command, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err and not refused then refused = { key, reply.err } end
end

for index = 2, 3 do
  touch(KEYS[index], 'LLEN')
  touch(KEYS[index], 'LTRIM', '0', '-1')
end
for index = 4, 9 do
  touch(KEYS[index], 'ZCARD')
  touch(KEYS[index], 'ZREM', nobody)
end
touch(groups, 'SREM', nobody)
return refused or {}
`;

export const publishEventsLua = `-- Appends events to the feed. The number of each is one more than that of the event before.
-- KEYS 1 feed   ARGV 1 life of a new feed  2 most events kept  3 how long the feed is kept in s  4.. events   Returns 1
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local feed, life, most, keptFor = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
mustBeAble(feed, 'XADD', 'XREVRANGE', 'EXPIRE')
local number = 0
local newest = redis.call('XREVRANGE', feed, '+', '-', 'COUNT', 1)[1]
if newest then
  life, number = string.match(newest[1], '^(%d+)%-(%d+)$')
  number = tonumber(number)
end
for index = 4, #ARGV do
  number = number + 1
  redis.call('XADD', feed, 'MAXLEN', '~', most, life .. '-' .. string.format('%.0f', number), 'event', ARGV[index])
end
redis.call('EXPIRE', feed, keptFor)
return 1
`;

export const putDurableEntryLua = `-- Writes a durable scheduler entry if the stored one has the revision before.
-- KEYS 1 all durable entries   ARGV 1 id  2 entry as JSON  3 its revision  4 channel of changes
-- Returns 1 when it was written, 0 when the stored one has another revision
local entries = KEYS[1]
local id, entry, revision, channel = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local stored = redis.call('HGET', entries, id)
local before = 0
if stored then
  -- An entry that can't be read has no revision. Writing it anew repairs it.
  local ok, found = pcall(cjson.decode, stored)
  before = ok and type(found) == 'table' and tonumber(found.revision) or 0
end
if before ~= revision - 1 then return 0 end
redis.call('HSET', entries, id, entry)
-- Schedulers also look by themselves.
redis.pcall('PUBLISH', channel, '')
return 1
`;

export const putOrderLua = `-- Keeps an order for a server.
-- KEYS 1 orders of the server   ARGV 1 kind  2 order  3 life in s   Returns 1
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
mustBeAble(KEYS[1], 'HSET', 'TTL', 'EXPIRE')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
return 1
`;

export const putRecordsLua = `-- Writes records of one collection, each if the stored one is the expected one.
-- A record is kept as '<revision> <end in ms, or 0> <written at in ms> <value>'.
-- KEYS 1 ids  2 ends of those that end
-- ARGV 1 prefix of the records  2 now in ms  3.. for each: id, 'any', 'absent' or revision, end in ms or 0, life in s or 0, value
-- Returns for each: 'written <revision>', 'conflict <revision, or 0>' or 'full'
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The records of one collection: their ids in a sorted set without scores, and in another one those that end, by their ends.

-- A number of milliseconds as text. Lua would write it with an exponent.
local function whole(number)
  return string.format('%.0f', number)
end

-- The revision of the record that is there now. 0 when there is none, or one that can't be read.
local function liveRevision(key, now)
  local stored = read('GET', key)
  local revision, endsAt = string.match(stored or '', '^(%d+) (%d+) %d+ ')
  if not revision then return 0 end
  endsAt = tonumber(endsAt)
  if endsAt > 0 and endsAt <= now then return 0 end
  return tonumber(revision)
end

local function isExpected(revision, expected)
  if expected == 'any' then return true end
  if expected == 'absent' then return revision == 0 end
  return revision == tonumber(expected)
end

-- Removes records that have ended, some with each call.
local function dropEnded(ids, ends, prefix, now)
  for _, id in ipairs(redis.call('ZRANGE', ends, '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, 1000)) do
    redis.call('DEL', prefix .. id)
    redis.call('ZREM', ids, id)
    redis.call('ZREM', ends, id)
  end
end

-- Lets both sets end a day after the last record, unless one stays.
local function endWithRecords(ids, ends, now)
  if redis.call('ZCARD', ids) == redis.call('ZCARD', ends) then
    local last = redis.call('ZRANGE', ends, 0, 0, 'REV', 'WITHSCORES')[2]
    if not last then return end
    local life = math.max(1, math.ceil((tonumber(last) - now) / 1000)) + 86400
    redis.call('EXPIRE', ids, whole(life))
    redis.call('EXPIRE', ends, whole(life))
  elseif redis.call('TTL', ids) >= 0 then
    -- A set that is stored anew has no end.
    redis.call('ZUNIONSTORE', ids, 1, ids)
    redis.call('ZUNIONSTORE', ends, 1, ends)
  end
end
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
  elseif revision == 0 and redis.call('ZCARD', ids) >= 10000 then
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
`;

export const queueContentsLua = `-- Returns what a queue still holds, so that it can be removed.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 aggregation sets
-- ARGV 1 prefix of group keys  2 now in s  3 end of a lease up to which it is surely over, in s
-- Returns 1 tasks that may be held by a worker or an aggregator  2 states that hold tasks  3 groups that hold tasks, and
--   aggregation sets that nobody works on, by their part of the key (at most 100)  4 ids in active or lease (at most 100)
local groupPrefix, nowSec, over = ARGV[1], ARGV[2], ARGV[3]
local lease, groups, sets = KEYS[3], KEYS[8], KEYS[9]
local held = redis.call('ZCOUNT', lease, '(' .. over, '+inf') + redis.call('ZCOUNT', sets, '(' .. nowSec, '+inf')
local states = {}
if redis.call('LLEN', KEYS[1]) > 0 then states[1] = 'pending' end
for index, state in ipairs({ 'scheduled', 'retry', 'archived', 'completed' }) do
  if redis.call('ZCARD', KEYS[index + 3]) > 0 then states[#states + 1] = state end
end
local grouped = {}
for _, group in ipairs(redis.call('SMEMBERS', groups)) do
  local size = redis.pcall('ZCARD', groupPrefix .. group)
  if #grouped < 100 and type(size) == 'number' and size > 0 then grouped[#grouped + 1] = group end
end
for _, set in ipairs(redis.call('ZRANGEBYSCORE', sets, '-inf', nowSec, 'LIMIT', 0, 100)) do
  local size = string.sub(set, 1, #groupPrefix) == groupPrefix and redis.pcall('ZCARD', set)
  if type(size) == 'number' and size > 0 then
    grouped[#grouped + 1] = string.sub(set, #groupPrefix + 1)
  else
    redis.pcall('ZREM', sets, set)
  end
end
local stuck = redis.call('LRANGE', KEYS[2], 0, 99)
for _, id in ipairs(redis.call('ZRANGE', lease, 0, 99)) do stuck[#stuck + 1] = id end
return { held, states, grouped, stuck }
`;

export const queueNumbersLua = `-- Returns the numbers of one queue at one moment.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 archived  6 completed  7 groups  8 paused
--      9 processed today  10 failed today  11 processed  12 failed  13 who paused it  14 policy
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 now (unix seconds)  4 most due tasks to count
-- Returns paused, then the six sizes, aggregating, the four counters, since when the next task waits (ns) or empty, how many
--   scheduled and retry tasks are due, and since when (unix seconds) or empty, the pause flag, who paused it, and the policy, each empty if there is none
local aggregating = 0
for _, group in ipairs(redis.call('SMEMBERS', KEYS[7])) do
  local size = redis.pcall('ZCARD', ARGV[2] .. group)
  if type(size) == 'number' then aggregating = aggregating + size end
end
local since = ''
local head = redis.call('LRANGE', KEYS[1], -1, -1)[1]
local function textOr(reply, other) return type(reply) == 'string' and reply or other end
local function counter(key) return textOr(redis.pcall('GET', key), '0') end
if head then since = textOr(redis.pcall('HGET', ARGV[1] .. head, 'pending_since'), '') end
local now, mostDue = ARGV[3], tonumber(ARGV[4])
local due, dueSince = 0, ''
for _, key in ipairs({ KEYS[3], KEYS[4] }) do
  due = due + redis.call('ZCOUNT', key, '-inf', now)
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  if first and tonumber(first) <= tonumber(now) and (dueSince == '' or tonumber(first) < tonumber(dueSince)) then
    dueSince = first
  end
end
return {
  redis.call('EXISTS', KEYS[8]),
  redis.call('LLEN', KEYS[1]), redis.call('LLEN', KEYS[2]), redis.call('ZCARD', KEYS[3]), redis.call('ZCARD', KEYS[4]),
  redis.call('ZCARD', KEYS[5]), redis.call('ZCARD', KEYS[6]), aggregating,
  counter(KEYS[9]), counter(KEYS[10]), counter(KEYS[11]), counter(KEYS[12]),
  since, math.min(due, mostDue), dueSince,
  textOr(redis.pcall('GET', KEYS[8]), ''), textOr(redis.pcall('GET', KEYS[13]), ''), textOr(redis.pcall('GET', KEYS[14]), ''),
}
`;

export const readSetLua = `-- Reads a slice of the tasks of a set, oldest first.
-- KEYS 1 set   ARGV 1 prefix of task keys  2 first rank  3 last rank
-- Returns id, message (false where there is none, 0 where something else lies there), exact times, for each
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local found = {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], ARGV[2], ARGV[3])) do
  local fields = read('HMGET', ARGV[1] .. id, 'msg', 'hk:exact')
  local size = #found
  found[size + 1], found[size + 2], found[size + 3] = id, not fields and 0 or fields[1], fields and fields[2] or false
end
return found
`;

export const readStatisticsLua = `-- Reads the numbers of some periods of one queue.
-- KEYS the numbers of each period
-- ARGV 1 the type, or empty for all types together; absent: each type
-- Returns for each period a list of types and numbers, one after the other. Empty where there are none, or no hash.
local only, periods = ARGV[1], {}
for index, key in ipairs(KEYS) do
  local found = {}
  local names = only and { only } or redis.pcall('HKEYS', key)
  if names.err == nil and #names > 0 then
    local numbers = redis.pcall('HMGET', key, unpack(names))
    if numbers.err == nil then
      for at, name in ipairs(names) do
        if numbers[at] and (only or name ~= '') then
          found[#found + 1] = name
          found[#found + 1] = numbers[at]
        end
      end
    end
  end
  periods[index] = found
end
return periods
`;

export const readTasksLua = `-- Reads tasks whole.
-- KEYS 1 lease  2 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of container keys  3.. ids
-- Returns for each id what \`readTask\` says
local lease, due = KEYS[1], KEYS[2]
local taskPrefix, containerPrefix = ARGV[1], ARGV[2]
-- One whole task, as a list:
--   1 message, false when there is none  2 state  3 pending since  4 result  5 exact times  6 attempts  7 lease value
--   8 lease end  9 score in the container of its state  10 exact due moment in ms
--   11 what lies under its key: 0 nothing, 1 a task, 2 something else  12 how often its worker was lost  13 progress
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local function readTask(taskKey, containerPrefix, leaseKey, dueKey, id)
  local found = read(
    'HMGET', taskKey, 'msg', 'state', 'pending_since', 'result', 'hk:exact', 'hk:attempts', 'hk:lease', 'hk:lost', 'hk:progress'
  )
  if not found then return { false, false, false, false, false, false, false, false, false, false, 2 } end
  local state, lost, progress = found[2], found[8], found[9]
  local waits = state == 'scheduled' or state == 'retry'
  local scored = waits or state == 'archived' or state == 'completed'
  found[8] = state == 'active' and redis.call('ZSCORE', leaseKey, id)
  found[9] = scored and redis.call('ZSCORE', containerPrefix .. state, id)
  found[10] = waits and redis.call('ZSCORE', dueKey, id)
  found[12], found[13] = lost, progress
  found[11] = (found[1] or redis.call('EXISTS', taskKey) == 1) and 1 or 0
  return found
end
local result = {}
for index = 3, #ARGV do
  result[index - 2] = readTask(taskPrefix .. ARGV[index], containerPrefix, lease, due, ARGV[index])
end
return result
`;

export const reclaimSetsLua = `-- Puts the tasks of a set back into their group and lists the group again. If other tasks wait in the group, it goes slice by
-- slice. From the first slice on the set belongs to nobody: its end is 0.
-- KEYS 1 set  2 all sets  3 group  4 groups   ARGV 1 group  2 the set's end in s, as it is in all sets  3 slice
-- Returns 1 how many were put back, or -1 when the set is gone  2 how many are left
local set, sets, group, groups = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local name, setEnd, slice = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
if tonumber(redis.call('ZSCORE', sets, set) or -1) ~= setEnd then return { -1, 0 } end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local size = read('ZCARD', set)
if size == nil or read('ZCARD', group) == nil then
  -- One of the two keys holds something else, so nothing can be put back. The checker lists the tasks again.
  redis.call('ZREM', sets, set)
  return { -1, 0 }
end
mustBeSets(groups)
mustBeAble(
  set, 'SADD', 'EXISTS', 'ZADD', 'ZRANGE', 'ZREMRANGEBYRANK', 'RENAME', 'ZUNIONSTORE', 'DEL', 'ZREM'
)
if size > 0 then redis.call('SADD', groups, name) end
if size > slice and redis.call('EXISTS', group) == 1 then
  redis.call('ZADD', sets, 0, set)
  local members = redis.call('ZRANGE', set, 0, slice - 1, 'WITHSCORES')
  for index = 1, #members, 2 do redis.call('ZADD', group, members[index + 1], members[index]) end
  redis.call('ZREMRANGEBYRANK', set, 0, slice - 1)
  return { slice, size - slice }
end
if size > 0 then
  if redis.call('EXISTS', group) == 0 then
    redis.call('RENAME', set, group)
  else
    redis.call('ZUNIONSTORE', group, 2, group, set, 'AGGREGATE', 'MIN')
    redis.call('DEL', set)
  end
end
redis.call('ZREM', sets, set)
return { size, 0 }
`;

export const reconcileDueLua = `-- Drops exact moments of tasks that do not wait for them any more. The moment of a waiting task that no list names is kept:
-- only the moment tells when to run it.
-- KEYS 1 exact due moments  2 scheduled  3 retry   ARGV 1 prefix of task keys  2 repair (0 or 1)  3.. ids
-- Returns those ids
local due, scheduled, retry = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, repair = ARGV[1], ARGV[2] == '1'
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local stray = {}
if repair then mustBeAble(due, 'ZSCORE', 'HGET', 'ZREM') end
for index = 3, #ARGV do
  local id = ARGV[index]
  local moment = redis.call('ZSCORE', due, id)
  local waits = redis.call('ZSCORE', scheduled, id) or redis.call('ZSCORE', retry, id)
  local state = not waits and read('HGET', taskPrefix .. id, 'state')
  local isLost = state == 'scheduled' or state == 'retry'
  if moment and not isLost and tonumber(waits or -1) ~= math.ceil(tonumber(moment) / 1000) then
    if repair then redis.call('ZREM', due, id) end
    stray[#stray + 1] = id
  end
end
return stray
`;

export const reconcileGroupsLua = `-- Finds groups that hold tasks and that no list names, and lists them again. If it is a set that was taken out of a group,
-- puts its tasks back.
-- KEYS 1 groups  2 aggregation sets
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 repair (0 or 1)  4.. parts of the keys after the prefix
-- Returns for each: that part, kind, group, how many tasks
local groups, sets = KEYS[1], KEYS[2]
local taskPrefix, groupPrefix, repair = ARGV[1], ARGV[2], ARGV[3] == '1'
local hex = '%x%x%x%x'
local setPattern = '^(.*):' .. hex .. hex .. '%-' .. hex .. '%-' .. hex .. '%-' .. hex .. '%-' .. hex .. hex .. hex .. '$'
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
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
`;

export const reconcileLocksLua = `-- Finds uniqueness locks whose owner does not own them, and frees them.
-- KEYS locks   ARGV 1 prefix of task keys  2 repair (0 or 1)
-- Returns for each such lock: position (from 0), the owner's id, and why: gone, completed or other
local taskPrefix, repair = ARGV[1], ARGV[2] == '1'
-- The uniqueness lock that a task took. Some Go programs write it into the message (field 10) only.
local function lockOf(stored, msg)
  if stored and stored ~= '' then return stored end
  local at, size = 1, msg and #msg or 0
  local function varint()
    local value, scale = 0, 1
    for _ = 1, 10 do
      local byte = string.byte(msg, at)
      if not byte then return nil end
      at = at + 1
      if byte < 128 then return value + byte * scale end
      value = value + (byte - 128) * scale
      scale = scale * 128
    end
    return nil
  end
  while at <= size do
    local tag = varint()
    local wire = tag and tag % 8
    if wire == 2 then
      local length = varint()
      if not length then return nil end
      if tag == 82 then return string.sub(msg, at, at + length - 1) end
      at = at + length
    elseif wire == 0 then
      if not varint() then return nil end
    elseif wire == 1 then
      at = at + 8
    elseif wire == 5 then
      at = at + 4
    else
      return nil
    end
  end
  return nil
end

-- Frees the lock if the task still owns it. A key that is no lock of this queue is left alone.
local function release(lock, lockPrefix, id)
  if not lock or string.sub(lock, 1, #lockPrefix) ~= lockPrefix then return end
  if redis.pcall('GET', lock) == id then redis.call('DEL', lock) end
end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local found = {}
if repair and KEYS[1] then mustBeAble(KEYS[1], 'GET', 'HMGET', 'DEL') end
for index, lock in ipairs(KEYS) do
  local owner = redis.pcall('GET', lock)
  if type(owner) == 'string' then
    local task = read('HMGET', taskPrefix .. owner, 'unique_key', 'msg', 'state')
    local why
    if task then
      if not task[2] then
        why = 'gone'
      elseif task[3] == 'completed' then
        why = 'completed'
      elseif lockOf(task[1], task[2]) ~= lock then
        why = 'other'
      end
    end
    if why then
      if repair then redis.call('DEL', lock) end
      local size = #found
      found[size + 1], found[size + 2], found[size + 3] = index - 1, owner, why
    end
  end
end
return found
`;

export const reconcileNumbersLua = `-- Counts a queue's tasks, and those that are late.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 archived  6 completed  7 groups  8 lease  9 aggregation sets
-- ARGV 1 moment before which nobody takes care of what is due, in s  2 the same for the archive, exclusive
-- Returns how many: 1 of all states  2 archived  3 archived too long  4 leases over  5 scheduled late  6 retry late
--      7 aggregation sets over
local held = redis.call('LLEN', KEYS[1]) + redis.call('LLEN', KEYS[2]) + redis.call('SCARD', KEYS[7])
for index = 3, 6 do held = held + redis.call('ZCARD', KEYS[index]) end
local function upTo(key, score) return redis.call('ZCOUNT', key, '-inf', score) end
return {
  held, redis.call('ZCARD', KEYS[5]), upTo(KEYS[5], '(' .. ARGV[2]),
  upTo(KEYS[8], ARGV[1]), upTo(KEYS[3], ARGV[1]), upTo(KEYS[4], ARGV[1]), upTo(KEYS[9], ARGV[1]),
}
`;

export const reconcileTasksLua = `-- Compares where tasks are listed with what they say of themselves, and repairs what does not agree.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 exact due moments
--      10 aggregation sets  11 all leftovers
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 prefix of leftovers  4 now in s  5 now in ns  6 repair (0 or 1)
--      7 where the ids come from: pending or active (read here), again (read there before), group (with its key in 8),
--        bodies, or entries
--      8 key of the group or set  9 first place in the list  10 how many of the list
--      11.. for each: id, score for a completed one or empty, group or empty
-- Returns 1 how many ids were looked at  2 findings: id, kind, state or empty, places joined by commas, action
local pending, active, lease, scheduled, retry = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local archived, completed, groups, due, sets, leftovers = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local taskPrefix, groupPrefix, leftoverPrefix = ARGV[1], ARGV[2], ARGV[3]
local nowSec, nowNs, repair, origin, originKey = ARGV[4], ARGV[5], ARGV[6] == '1', ARGV[7], ARGV[8]
local first, most = tonumber(ARGV[9]), tonumber(ARGV[10])
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
-- How tasks leave the line of a queue: see \`line\`. Uses the script's name \`pending\`.

-- The next \`size\` tasks leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, all for 0. Returns how many there were.
-- With \`redis.pcall\` as \`call\` it returns the refusal, if there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
local scoredKeys = { scheduled = scheduled, retry = retry, archived = archived, completed = completed }
local scoredNames = { 'scheduled', 'retry', 'archived', 'completed' }
local order = { 'active', 'pending', 'retry', 'scheduled', 'aggregating', 'archived', 'completed' }
local findings, wanted = {}, {}

-- Tells how often an id stands in a list. A short list is read whole. A longer one is read once for all ids of this call, when
-- the first of them raises doubts. A very long one is searched a few times only; nothing is known of the other ids.
local function reader(key)
  local size, searches, counts = redis.call('LLEN', key), 0, nil
  local function read(ids)
    counts = {}
    for from = 0, size - 1, 5000 do
      for _, id in ipairs(redis.call('LRANGE', key, from, from + 4999)) do
        if not ids or ids[id] then counts[id] = (counts[id] or 0) + 1 end
      end
    end
  end
  if size <= 2000 then read() end
  local isShort = counts ~= nil
  local function times(id)
    if not counts and size <= 20000 then read(wanted) end
    if counts then return counts[id] or 0 end
    searches = searches + 1
    if searches > 5 then return nil end
    return redis.call('LPOS', key, id) and 1 or 0
  end
  return times, isShort
end
local timesInPending, pendingIsShort = reader(pending)
local timesInActive, activeIsShort = reader(active)

-- A task that became pending after the next task in line almost surely has its place behind it.
local function waitsLongerThanAll(since)
  local nextId = redis.call('LINDEX', pending, -1)
  local nextSince = nextId and tonumber(read('HGET', taskPrefix .. nextId, 'pending_since') or '')
  return not (nextSince and since and tonumber(since) >= nextSince)
end

local function isLeftover(id)
  local names = redis.call('SRANDMEMBER', leftovers, 101)
  if #names > 100 then return true end
  for _, name in ipairs(names) do
    if scoreIn(leftoverPrefix .. name, id) then return true end
  end
  return false
end

-- The last value says whether a list was too long to know whether the id is there.
local function placesOf(id, state, group, since, leaseEnd, hasMessage)
  local places, times, isUnknown = {}, 1, false
  for _, name in ipairs(scoredNames) do
    if redis.call('ZSCORE', scoredKeys[name], id) then places[#places + 1] = name end
  end
  if activeIsShort or origin == 'active' or state == 'active' or leaseEnd then
    local count = origin == 'active' and not activeIsShort and 1 or timesInActive(id)
    isUnknown = count == nil
    count = count or 0
    if count > 0 then places[#places + 1] = 'active' end
    times = math.max(times, count)
  end
  local groupKey = group and group ~= '' and groupPrefix .. group
  if groupKey and scoreIn(groupKey, id) then
    places[#places + 1] = 'aggregating'
  elseif originKey ~= '' and scoreIn(originKey, id) then
    places[#places + 1] = 'aggregating'
    groupKey = originKey
  end
  local count = 0
  if pendingIsShort then
    count = timesInPending(id)
  elseif origin == 'pending' then
    count = 1
  elseif #places == 0 and (hasMessage or origin == 'again') then
    -- The walk over the list finds names without a task. Elsewhere such a name is a task that has just ended.
    local isDoubtful = origin ~= 'bodies' or state ~= 'pending' or waitsLongerThanAll(since)
    count = 1
    if isDoubtful then count = timesInPending(id) end
    isUnknown = isUnknown or count == nil
    count = count or 0
  end
  if count > 0 then places[#places + 1] = 'pending' end
  return places, math.max(times, count), groupKey, isUnknown
end

local function removeFrom(place, id, groupKey)
  if place == 'pending' then
    leaveLine(id, 0)
  elseif place == 'active' then
    endLease(id)
  elseif place == 'aggregating' then
    redis.call('ZREM', groupKey, id)
  else
    redis.call('ZREM', scoredKeys[place], id)
    if place == 'scheduled' or place == 'retry' then redis.call('ZREM', due, id) end
  end
end

local function setState(key, state)
  redis.call('HSET', key, 'state', state)
  if state == 'pending' then redis.call('HSETNX', key, 'pending_since', nowNs) else redis.call('HDEL', key, 'pending_since') end
end

local function archive(id, key, reason)
  redis.call('ZADD', archived, nowSec, id)
  setState(key, 'archived')
  redis.call('HSET', key, 'hk:reason', reason)
end

-- Lists a task that no list names. Its old holder, if it had one, lost the task with the entry.
local function listAgain(id, key, state, group, score)
  local exact = redis.call('ZSCORE', due, id)
  if state == 'pending' then
    if repair then
      joinBack({ id }, 1)
      setState(key, 'pending')
    end
  elseif state == 'active' then
    if repair then
      listActive(id)
      giveEndedLease(key, id, nowSec)
    end
  elseif state == 'retry' or state == 'scheduled' and exact then
    if repair then redis.call('ZADD', scoredKeys[state], exact and math.ceil(tonumber(exact) / 1000) or nowSec, id) end
  elseif state == 'archived' or state == 'completed' and score ~= '' then
    if repair then redis.call('ZADD', scoredKeys[state], state == 'completed' and score or nowSec, id) end
  elseif state == 'aggregating' and group ~= '' and read('ZCARD', groupPrefix .. group) then
    if repair then
      redis.call('ZADD', groupPrefix .. group, nowSec, id)
      redis.call('SADD', groups, group)
      redis.call('HSET', key, 'group', group)
    end
  else
    local lost = state == 'scheduled' and 'its moment' or state == 'aggregating' and 'its group' or 'its place'
    if repair then archive(id, key, 'no list named the task, and ' .. lost .. ' was lost') end
    return 'archived'
  end
  return 'listed'
end

local function keepOne(id, key, state, places, times, leaseEnd, groupKey)
  local among = {}
  for _, place in ipairs(places) do among[place] = true end
  local keep = among.active and leaseEnd and tonumber(leaseEnd) > tonumber(nowSec) and 'active'
  if not keep and state and among[state] then keep = state end
  for _, place in ipairs(order) do
    if not keep and among[place] then keep = place end
  end
  if repair then
    for _, place in ipairs(places) do
      if place ~= keep then removeFrom(place, id, groupKey) end
    end
    if times > 1 and keep == 'pending' then leaveLine(id, times - 1) end
    if times > 1 and keep == 'active' then unlistActive(id, times - 1) end
    setState(key, keep)
  end
  return 'kept_' .. keep
end

local function report(id, kind, state, places, action)
  local size = #findings
  findings[size + 1], findings[size + 2], findings[size + 3] = id, kind, state or ''
  findings[size + 4], findings[size + 5] = table.concat(places, ','), action
end

local function look(id, score, knownGroup)
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'state', 'group', 'pending_since')
  if not found then return report(id, 'unreadable', nil, {}, '') end
  local state, group, since = found[1], found[2], found[3]
  local hasMessage = redis.call('HEXISTS', key, 'msg') == 1
  if origin == 'bodies' and hasMessage and scoredKeys[state] and redis.call('ZSCORE', scoredKeys[state], id) then return end
  local leaseEnd = redis.call('ZSCORE', lease, id)
  local places, times, groupKey, isUnknown = placesOf(id, state, group, since, leaseEnd, hasMessage)
  -- The walks over the lists see listed tasks. A later pass sees what can't be known now.
  if isUnknown or origin == 'bodies' and #places > 0 then return end

  if not hasMessage then
    local exists = redis.call('EXISTS', key) == 1
    if #places == 0 and not leaseEnd then
      if not exists then return end
      if repair then redis.call('DEL', key) end
      return report(id, 'no_message', state, places, 'removed')
    end
    if repair then
      for _, place in ipairs(places) do removeFrom(place, id, groupKey) end
      dropLease(id)
      redis.call('ZREM', due, id)
      redis.call('DEL', key)
    end
    if leaseEnd and #places == 0 then places = { 'lease' } end
    return report(id, 'no_body', state, places, 'dropped')
  end

  local isActive = false
  for _, place in ipairs(places) do isActive = isActive or place == 'active' end
  if leaseEnd and not isActive then
    if state == 'active' and #places == 0 then
      if repair then listActive(id) end
      return report(id, 'lease_without_active', state, places, 'listed')
    end
    if repair then dropLease(id) end
    report(id, 'lease_without_active', state, places, 'lease_dropped')
  end

  if #places == 0 then
    if state == 'aggregating' and (isTaken(sets, groupPrefix, id) or isLeftover(id)) then return end
    local ownGroup = group and group ~= '' and group or knownGroup
    return report(id, 'unlisted', state, places, listAgain(id, key, state, ownGroup, score))
  end
  if #places > 1 or times > 1 then
    return report(id, 'listed_twice', state, places, keepOne(id, key, state, places, times, leaseEnd, groupKey))
  end
  if isActive and not leaseEnd then
    if repair then
      giveEndedLease(key, id, nowSec)
      redis.call('HSET', key, 'state', 'active')
    end
    return report(id, 'active_without_lease', state, places, 'lease_given')
  end
  if places[1] ~= state then
    if repair then setState(key, places[1]) end
    report(id, 'wrong_state', state, places, 'state_' .. places[1])
  end
end

if repair then
  mustBeLists(pending, active)
  mustBeSortedSets(lease, scheduled, retry, archived, completed, due, sets)
  mustBeSets(groups, leftovers)
  mustBeAble(
    taskPrefix, 'LLEN', 'LRANGE', 'LPOS', 'LINDEX', 'HGET', 'SRANDMEMBER', 'ZSCORE', 'ZRANGE', 'HMGET', 'HEXISTS', 'EXISTS', 'LREM',
    'ZREM', 'HSET', 'HSETNX', 'HDEL', 'ZADD', 'LPUSH', 'SADD', 'DEL', 'ZCARD'
  )
end
local looked = 0
if origin == 'pending' or origin == 'active' then
  local ids = redis.call('LRANGE', origin == 'pending' and pending or active, first, first + most - 1)
  for _, id in ipairs(ids) do look(id, '', '') end
  looked = #ids
else
  for index = 11, #ARGV, 3 do wanted[ARGV[index]] = true end
  for index = 11, #ARGV, 3 do
    look(ARGV[index], ARGV[index + 1], ARGV[index + 2])
    looked = looked + 1
  end
end
return { looked, findings }
`;

export const recordEventLua = `-- Adds an event to the history of a scheduler entry and keeps the newest 1000.
-- KEYS 1 history   ARGV 1 moment in s  2 event  3 life of the history in s
local history = KEYS[1]
local moment, event, life = ARGV[1], ARGV[2], ARGV[3]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
mustBeAble(history, 'ZREMRANGEBYRANK', 'ZADD', 'EXPIRE')
redis.call('ZREMRANGEBYRANK', history, 0, -1000)
redis.call('ZADD', history, moment, event)
redis.call('EXPIRE', history, life)
return 1
`;

export const removeQueueLua = `-- Removes what is left of a queue without tasks.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 groups  9 aggregation sets
--      10.. everything else: pause flag, counters, keys of our own
-- ARGV 1 prefix of group keys
-- Returns 1, or 0 when it holds tasks again
for index = 1, 7 do
  if redis.call('EXISTS', KEYS[index]) == 1 then return 0 end
end
if redis.call('ZCARD', KEYS[9]) > 0 then return 0 end
for _, group in ipairs(redis.call('SMEMBERS', KEYS[8])) do
  local size = redis.pcall('ZCARD', ARGV[1] .. group)
  if type(size) == 'number' and size > 0 then return 0 end
end
redis.call('UNLINK', unpack(KEYS))
return 1
`;

export const removeRecordsLua = `-- Removes records of one collection, each if the stored one is the expected one.
-- KEYS 1 ids  2 ends of those that end
-- ARGV 1 prefix of the records  2 now in ms  3.. for each: id, 'any' or revision
-- Returns for each: 'removed', 'not_found' or 'conflict <revision>'
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The records of one collection: their ids in a sorted set without scores, and in another one those that end, by their ends.

-- A number of milliseconds as text. Lua would write it with an exponent.
local function whole(number)
  return string.format('%.0f', number)
end

-- The revision of the record that is there now. 0 when there is none, or one that can't be read.
local function liveRevision(key, now)
  local stored = read('GET', key)
  local revision, endsAt = string.match(stored or '', '^(%d+) (%d+) %d+ ')
  if not revision then return 0 end
  endsAt = tonumber(endsAt)
  if endsAt > 0 and endsAt <= now then return 0 end
  return tonumber(revision)
end

local function isExpected(revision, expected)
  if expected == 'any' then return true end
  if expected == 'absent' then return revision == 0 end
  return revision == tonumber(expected)
end

-- Removes records that have ended, some with each call.
local function dropEnded(ids, ends, prefix, now)
  for _, id in ipairs(redis.call('ZRANGE', ends, '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, 1000)) do
    redis.call('DEL', prefix .. id)
    redis.call('ZREM', ids, id)
    redis.call('ZREM', ends, id)
  end
end

-- Lets both sets end a day after the last record, unless one stays.
local function endWithRecords(ids, ends, now)
  if redis.call('ZCARD', ids) == redis.call('ZCARD', ends) then
    local last = redis.call('ZRANGE', ends, 0, 0, 'REV', 'WITHSCORES')[2]
    if not last then return end
    local life = math.max(1, math.ceil((tonumber(last) - now) / 1000)) + 86400
    redis.call('EXPIRE', ids, whole(life))
    redis.call('EXPIRE', ends, whole(life))
  elseif redis.call('TTL', ids) >= 0 then
    -- A set that is stored anew has no end.
    redis.call('ZUNIONSTORE', ids, 1, ids)
    redis.call('ZUNIONSTORE', ends, 1, ends)
  end
end
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
`;

export const reportLua = `-- Keeps what handlers said of tasks that they hold.
-- KEYS 1 lease
-- ARGV 1 prefix of task keys
--      2 reports, MessagePack: id, token, progress or empty, number of the first line, how many lines, the lines, for each
-- Returns positions (from 0) of the tasks that the token does not hold
local lease, taskPrefix = KEYS[1], ARGV[1]
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What a handler said of its task, as fields of the task's hash. See \`kept-log.ts\` for what is stored.

-- The log of a task with more lines of the hold that the token names. \`lines\` is one text in which each line ends with a line
-- break, \`count\` how many they are, \`from\` the number of the first one. Nil when all of them are there already. Long texts are
-- searched for line breaks only where lines are dropped: Lua is slow at everything else.
local function logWith(key, token, from, count, lines)
  local stored = redis.call('HGET', key, 'hk:log') or ''
  local begins = string.find(stored, '\\n', 1, true) or 0
  local dropped, number, last, teller = string.match(string.sub(stored, 1, begins), '^(%d+) (%d+) (%d+) ([^\\n]*)\\n$')
  local isSound = dropped and (begins == #stored or string.byte(stored, -1) == 10)
  dropped, number = tonumber(isSound and dropped or 0), tonumber(isSound and number or 0)
  local written = isSound and teller == token and tonumber(last) or 0
  local skipped = math.max(0, written + 1 - from)
  if skipped >= count then return nil end
  local first = 1
  for _ = 1, skipped do first = string.find(lines, '\\n', first, true) + 1 end
  if first > 1 then lines = string.sub(lines, first) end
  local missing, fresh = from - written - 1, count - skipped
  local kept = lines
  if missing > 0 or fresh >= 200 then
    -- What is kept has no gaps, so that the number of dropped lines says which ones are missing.
    dropped, number = dropped + number + math.max(0, missing), fresh
  else
    kept, number = string.sub(stored, isSound and begins + 1 or #stored + 1) .. lines, number + fresh
  end
  first = 1
  while number > 200 or #kept - first + 1 > 65536 do
    local ends = string.find(kept, '\\n', first, true)
    if not ends then break end
    first, number, dropped = ends + 1, number - 1, dropped + 1
  end
  return string.format('%.0f %.0f %.0f %s\\n', dropped, number, from + count - 1, token) .. string.sub(kept, first)
end

-- Adds names and values of the fields to write to the list, and returns its new size.
local function addReport(fields, size, key, token, progress, from, count, lines)
  if progress ~= '' then fields[size + 1], fields[size + 2], size = 'hk:progress', progress, size + 2 end
  local log = count > 0 and logWith(key, token, from, count, lines)
  if log then fields[size + 1], fields[size + 2], size = 'hk:log', log, size + 2 end
  return size
end
local reports, lost = cmsgpack.unpack(ARGV[2]), {}
for at = 1, #reports, 6 do
  local id, token = reports[at], reports[at + 1]
  local key = taskPrefix .. id
  if endHeldBy(lease, key, id, token) then
    local fields = {}
    local size = addReport(fields, 0, key, token, reports[at + 2], reports[at + 3], reports[at + 4], reports[at + 5])
    if size > 0 then redis.call('HSET', key, unpack(fields, 1, size)) end
  else
    lost[#lost + 1] = (at - 1) / 6
  end
end
return lost
`;

export const rescheduleLua = `-- Lets a task that nobody holds wait until a moment, wherever it is.
-- KEYS 1 pending  2 lease  3 scheduled  4 retry  5 archived  6 groups  7 exact due moments  8 aggregation sets
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 id  4 end of a lease up to which it is surely over, in s
--      5 the second at or after the moment  6 the moment in ms  7 now in s  8 queue  9 channel for "due sooner"
-- Returns the outcome
local pending, lease, scheduled, retry, archived = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local groups, due, sets = KEYS[6], KEYS[7], KEYS[8]
local taskPrefix, groupPrefix, id, over = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local score, moment, nowSec, queue, channel = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], ARGV[9]
local places = { pending = true, scheduled = true, retry = true, archived = true, aggregating = true }
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- Keeps the exact moments from growing without end. Go's programs, which forward tasks too, know nothing of them. With each
-- \`added\` moment, it removes some that passed a minute ago and that no task waits for. The key itself ends a day or two after
-- its last moment. \`first\` is the first moment before the call. A refusal changes nothing.
local function keepDue(dueKey, scheduledKey, retryKey, tasks, nowSec, first, latest, added)
  local passedMs = nowSec * 1000 - 60000
  if first and first < passedMs then
    local passed = redis.pcall(
      'ZRANGEBYSCORE', dueKey, '-inf', string.format('%.0f', passedMs), 'WITHSCORES', 'LIMIT', 0, added + 16
    )
    for index = 1, #passed, 2 do
      local id, second = passed[index], math.ceil(tonumber(passed[index + 1]) / 1000)
      local waits = redis.pcall('ZSCORE', scheduledKey, id)
      if not waits then waits = redis.pcall('ZSCORE', retryKey, id) end
      local state = not waits and redis.pcall('HGET', tasks .. id, 'state')
      -- The moment of a waiting task that no list names is kept: only it tells when to run the task.
      local isLost = state == 'scheduled' or state == 'retry' or type(state) == 'table'
      if type(waits) == 'string' and tonumber(waits) ~= second or not waits and not isLost then
        redis.pcall('ZREM', dueKey, id)
      end
    end
  end
  local needed = math.ceil(latest / 1000) + 86400
  local left = redis.pcall('TTL', dueKey)
  if type(left) == 'number' and left < needed - nowSec then
    redis.pcall('EXPIRE', dueKey, string.format('%.0f', math.max(needed - nowSec, 0) + 86400))
  end
end
-- How tasks leave the line of a queue: see \`line\`. Uses the script's name \`pending\`.

-- The next \`size\` tasks leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, all for 0. Returns how many there were.
-- With \`redis.pcall\` as \`call\` it returns the refusal, if there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end
local key = taskPrefix .. id
local found = read('HMGET', key, 'msg', 'state', 'group')
if not found or not found[1] then return 'not_found' end
local state, group = found[2], found[3]
if state == 'active' or isHeld(lease, id, over) then return 'active' end
if state == 'completed' then return 'completed' end
if not places[state] then return 'not_found' end
local inGroup = state == 'aggregating' and group and scoreIn(groupPrefix .. group, id)
if state == 'aggregating' and not inGroup and isTaken(sets, groupPrefix, id) then return 'taken' end
mustBeLists(pending)
mustBeSortedSets(lease, due, scheduled, retry, archived)
mustBeSets(groups)
mustBeAble(
  taskPrefix, 'ZREM', 'ZADD', 'ZCARD', 'SREM', 'HSET', 'HDEL', 'LREM', 'ZRANGE', 'ZRANGEBYSCORE', 'ZSCORE', 'HGET', 'TTL', 'EXPIRE'
)
local home = state == 'retry' and retry or scheduled
local isExact = moment < score * 1000
local before, beforeExact = nextDue(due, scheduled, retry)
-- First what a server without memory refuses.
redis.call('HSET', key, 'state', state == 'retry' and 'retry' or 'scheduled')
redis.call('ZADD', home, score, id)
if isExact then redis.call('ZADD', due, moment, id) else redis.call('ZREM', due, id) end
redis.call('HDEL', key, 'pending_since', 'hk:reason')
if state == 'pending' then
  leaveLine(id, 1)
elseif state == 'archived' then
  redis.call('ZREM', archived, id)
elseif inGroup then
  redis.call('ZREM', groupPrefix .. group, id)
  if redis.call('ZCARD', groupPrefix .. group) == 0 then redis.call('SREM', groups, group) end
end
if isExact then keepDue(due, scheduled, retry, taskPrefix, nowSec, beforeExact, moment, 1) end
-- A server that misses it comes only a little late.
if before == nil or moment <= before then redis.pcall('PUBLISH', channel, string.format('%.0f ', moment) .. queue) end
return 'changed'
`;

export const setAsideLua = `-- Archives tasks that can't be read, as they are, under the caller's lease.
-- KEYS 1 active  2 lease  3 archived
-- ARGV 1 prefix of task keys  2 now in s  3 token  4 reason  5.. ids   Returns how many were archived
local active, lease, archived = KEYS[1], KEYS[2], KEYS[3]
local taskPrefix, nowSec, token, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
local moved = 0
mustBeLists(active)
mustBeSortedSets(lease, archived)
mustBeAble(taskPrefix, 'ZSCORE', 'HGET', 'LREM', 'ZREM', 'ZADD', 'HSET', 'HDEL')
for index = 5, #ARGV do
  local id = ARGV[index]
  local key = taskPrefix .. id
  if endHeldBy(lease, key, id, token) then
    endLease(id, key)
    redis.call('ZADD', archived, nowSec, id)
    redis.call('HSET', key, 'state', 'archived', 'hk:reason', reason)
    moved = moved + 1
  end
end
return moved
`;

export const staleSetsLua = `-- Finds sets whose end has passed, and leftovers of finished sets. A set of a Go program has a UUID of version 4 as its id. It
-- gets a margin: the program's clock may differ from ours, and it can't notice that the set was taken from it.
-- KEYS 1 all sets  2 all leftovers   ARGV 1 now in s  2 the same less the margin  3 most sets  4 prefix of group keys
-- Returns 1 set keys with their ends, for each  2 ids of sets with leftovers
local nowSec, marginSec, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local found = {}
local passed = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, 1000)
for index = 1, #passed, 2 do
  local key, ends = passed[index], passed[index + 1]
  if string.sub(key, 1, #ARGV[4]) ~= ARGV[4] then redis.pcall('ZREM', KEYS[1], key) end
  local ours = string.find(key, ':%x+%-%x+%-7%x+%-%x+%-%x+$')
  if #found < most * 2 and (ours or tonumber(ends) <= marginSec) then
    found[#found + 1] = key
    found[#found + 1] = ends
  end
end
return { found, redis.call('SRANDMEMBER', KEYS[2], 10) }
`;

export const standingLua = `-- Tells where a task stands among the others of its queue.
-- KEYS 1 pending  2 active  3 scheduled  4 retry  5 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of group keys  3 id or empty  4 most tasks of the line to count
-- Returns 1 how many are before it or false  2 the task that was claimed first of those that run, or false
--   3, 4 the first of retry and of scheduled: id, second, exact ms or false
--   5 its group: name, size, oldest and newest score in s, or nothing
local pending, active, scheduled, retry, due = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local taskPrefix, groupPrefix, id, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
local function firstOf(key)
  local first = read('ZRANGE', key, 0, 0, 'WITHSCORES')
  if not first or not first[1] then return {} end
  return { first[1], first[2], read('ZSCORE', due, first[1]) or false }
end
local found = id ~= '' and read('HMGET', taskPrefix .. id, 'state', 'group') or { false, false }
local ahead, group = false, {}
if found[1] == 'pending' then
  -- The line is taken from the right.
  local place = read('LPOS', pending, id, 'RANK', -1, 'MAXLEN', most)
  local length = read('LLEN', pending) or 0
  if place then ahead = length - 1 - place elseif length > most then ahead = most end
elseif found[1] == 'aggregating' and found[2] then
  local key = groupPrefix .. found[2]
  local oldest = read('ZSCORE', key, id) and read('ZRANGE', key, 0, 0, 'WITHSCORES')
  if oldest then
    group = { found[2], redis.call('ZCARD', key), oldest[2], redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] }
  end
end
local running = read('LINDEX', active, -1) or false
return { ahead, running, firstOf(retry), firstOf(scheduled), group }
`;

export const sweepLua = `-- Removes completed tasks past their retention and archived ones that are too old or too many, with bodies and locks.
-- KEYS 1 completed  2 archived
-- ARGV 1 prefix of task keys  2 now in s  3 oldest second kept in the archive  4 most tasks kept there  5 limit
-- Returns 1 completed removed  2 archived removed
local completed, archived = KEYS[1], KEYS[2]
local taskPrefix, nowSec, oldest, most, limit = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])

-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
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
`;

export const takeBackLua = `-- Leases to the caller the tasks of a holder that is gone. Looks at one step of a walk over all leases.
-- KEYS 1 active  2 lease  3 mark that refuses the caller's claims
-- ARGV 1 prefix of task keys  2 cursor of the walk  3 limit  4 end of the new leases in s  5 their token
--      6 beginning of the tokens of a dead server, or empty  7.. tokens of calls whose answer was lost
-- Returns 1 leased: id, message, exact times, attempts lost, attempts lost alone, lease value before, for each
--      2 ids that have no body
--      3 the next cursor: the same when there was more in this step than the limit, 0 at the end of the walk
local active, lease = KEYS[1], KEYS[2]
local taskPrefix, cursor, limit, leaseEnd, newToken = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local dead, tokens = ARGV[6], {}
for index = 7, #ARGV do tokens[ARGV[index]] = true end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
-- Adds one to a number of a task. Starts again when the stored value is no number.
local function addOne(key, field)
  local number = redis.pcall('HINCRBY', key, field, 1)
  if type(number) == 'number' then return number end
  redis.call('HSET', key, field, 1)
  return 1
end

-- Counts one more lost attempt. If the holder of the token had written that it ran the task alone, also counts one more that was
-- lost alone. Returns both numbers.
local function countLost(key, token)
  local lost = addOne(key, 'hk:lost')
  local isAlone = token and redis.call('HGET', key, 'hk:began') == token
  return lost, isAlone and addOne(key, 'hk:alone') or redis.call('HGET', key, 'hk:alone')
end
local leased, ghosts, taken = {}, {}, 0
local step = redis.call('ZSCAN', lease, cursor, 'COUNT', 500)
if #step[2] > 0 and redis.call('EXISTS', KEYS[3]) == 1 then return { leased, ghosts, '0' } end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
if #step[2] > 0 then
  mustBeLists(active)
  mustBeAble(
    taskPrefix, 'HMGET', 'ZSCORE', 'ZREM', 'LREM', 'DEL', 'LPOS', 'LPUSH', 'ZADD', 'HSET', 'HGET', 'HINCRBY'
  )
end
for index = 1, #step[2], 2 do
  local id = step[2][index]
  local key = taskPrefix .. id
  -- Something else under the key has no token. The take-over of expired leases finds it.
  local found = read('HMGET', key, 'msg', 'state', 'hk:exact', 'hk:lease', 'hk:lost', 'hk:alone') or {}
  local held, ends = found[4], redis.call('ZSCORE', lease, id)
  local token = tokenIn(held, ends)
  local isDead = token and dead ~= '' and string.sub(token, 1, #dead) == dead
  if isDead or (token and tokens[token]) then
    if taken >= limit then return { leased, ghosts, cursor } end
    if not found[1] then
      endLease(id)
      redis.call('DEL', key)
      ghosts[#ghosts + 1] = id
    elseif found[2] ~= 'active' then
      dropLease(id)
    else
      giveLease(key, id, newToken, leaseEnd)
      local lost, alone = found[5], found[6]
      if isDead then lost, alone = countLost(key, token) end
      taken = taken + 1
      local size = #leased
      leased[size + 1], leased[size + 2], leased[size + 3] = id, found[1], found[3]
      leased[size + 4], leased[size + 5], leased[size + 6] = lost, alone, held
    end
  end
end
return { leased, ghosts, step[1] }
`;

export const takeOverLua = `-- Leases to the caller the tasks whose lease ran out. A lease of one of our servers is over when it ends. A lease of a Go server
-- is over only after a margin: the server's clock may differ, and the lease does not say whose it is.
-- KEYS 1 active  2 lease  3 mark that refuses the caller's claims  4 archived
-- ARGV 1 prefix of task keys  2 now in s  3 end of Go's leases before which they are over, in s  4 limit
--      5 end of the new leases in s  6 their token  7.. tokens of leases that the caller keeps though they are over
-- Returns 1 leased: id, message, exact times, attempts lost, attempts lost alone, lease value before, for each
--      2 ids that have no body
--      3 ids under whose key lies something that is no task: they are archived, and what lies there is left alone
local active, lease = KEYS[1], KEYS[2]
local taskPrefix, nowSec, foreignEnd, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local leaseEnd, newToken, kept = ARGV[5], ARGV[6], {}
for index = 7, #ARGV do kept[ARGV[index]] = true end
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What may happen to the lease of one task. A lease is an entry in the list of active tasks, its end in the set of leases, and
-- the field that names the holder. Leases begin, move and end only here and in \`leases\`. Uses the script's names \`active\` and
-- \`lease\`.

-- Gives a task that is active already to the token.
local function giveLease(key, id, token, ends)
  if not redis.call('LPOS', active, id) then redis.call('LPUSH', active, id) end
  redis.call('ZADD', lease, ends, id)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. ends)
end

-- Gives a task a lease that belongs to nobody and ends now, so that somebody takes the task over.
local function giveEndedLease(key, id, nowSec)
  redis.call('ZADD', lease, nowSec, id)
  redis.call('HDEL', key, 'hk:lease')
end

-- Moves the end of a lease that the token holds until \`ends\`. Returns the refusal when nothing was changed.
local function moveLease(key, id, token, ends, newEnd)
  redis.call('HSET', key, 'hk:lease', token .. ':' .. newEnd)
  local moved = redis.pcall('ZADD', lease, newEnd, id)
  if type(moved) ~= 'table' then return nil end
  -- The lease is held only while set and field agree.
  redis.pcall('HSET', key, 'hk:lease', token .. ':' .. ends)
  return moved
end

-- Ends the lease of a task that runs no more, wherever it goes next. \`key\` is given when the hash stays, to forget the holder.
local function endLease(id, key)
  redis.call('ZREM', lease, id)
  redis.call('LREM', active, 0, id)
  if key then redis.call('HDEL', key, 'hk:lease') end
end

-- Ends a lease that was left behind: the task is in another place.
local function dropLease(id)
  redis.call('ZREM', lease, id)
end

-- Commands that a server without memory allows come first: it refuses nothing later. Nothing is removed.
local function beginWithoutMemory()
  redis.call('ZREM', lease, 'hk:none')
end

-- Lists a task among the active ones. Its lease exists already.
local function listActive(id)
  redis.call('LPUSH', active, id)
end

-- Takes surplus entries of a task out of the list of active ones. The task goes on.
local function unlistActive(id, surplus)
  redis.call('LREM', active, surplus, id)
end
-- Adds one to a number of a task. Starts again when the stored value is no number.
local function addOne(key, field)
  local number = redis.pcall('HINCRBY', key, field, 1)
  if type(number) == 'number' then return number end
  redis.call('HSET', key, field, 1)
  return 1
end

-- Counts one more lost attempt. If the holder of the token had written that it ran the task alone, also counts one more that was
-- lost alone. Returns both numbers.
local function countLost(key, token)
  local lost = addOne(key, 'hk:lost')
  local isAlone = token and redis.call('HGET', key, 'hk:began') == token
  return lost, isAlone and addOne(key, 'hk:alone') or redis.call('HGET', key, 'hk:alone')
end
local leased, ghosts, strangers, taken = {}, {}, {}, 0
local expired = redis.call('ZRANGEBYSCORE', lease, '-inf', nowSec, 'WITHSCORES', 'LIMIT', 0, 1000)
if #expired > 0 and redis.call('EXISTS', KEYS[3]) == 1 then return { leased, ghosts, strangers } end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
if #expired > 0 then
  mustBeLists(active)
  mustBeSortedSets(KEYS[4])
  mustBeAble(
    taskPrefix, 'HMGET', 'ZREM', 'LREM', 'DEL', 'LPOS', 'LPUSH', 'ZADD', 'HSET', 'HGET', 'HINCRBY'
  )
  beginWithoutMemory()
end
for index = 1, #expired, 2 do
  if taken >= limit then break end
  local id, ends = expired[index], expired[index + 1]
  local key = taskPrefix .. id
  local found = read('HMGET', key, 'msg', 'state', 'hk:exact', 'hk:lease')
  local isStranger = found == nil
  found = found or {}
  local msg, state, held = found[1], found[2], found[4]
  local token = tokenIn(held, ends)
  if not kept[token] and (token or tonumber(ends) <= foreignEnd) then
    if isStranger then
      endLease(id)
      redis.call('ZADD', KEYS[4], ARGV[2], id)
      strangers[#strangers + 1] = id
    elseif not msg then
      endLease(id)
      redis.call('DEL', key)
      ghosts[#ghosts + 1] = id
    elseif state ~= 'active' then
      -- Somebody moved the task on and left the lease behind.
      dropLease(id)
    else
      giveLease(key, id, newToken, leaseEnd)
      local lost, alone = countLost(key, token)
      taken = taken + 1
      local size = #leased
      leased[size + 1], leased[size + 2], leased[size + 3] = id, msg, found[3]
      leased[size + 4], leased[size + 5], leased[size + 6] = lost, alone, token and held
    end
  end
end
return { leased, ghosts, strangers }
`;

export const unlistedLua = `-- Finds tasks that no list, set or lease of the queue names any more. Nobody would ever run or remove them.
-- KEYS 1 pending  2 active  3 lease  4 scheduled  5 retry  6 archived  7 completed  8 aggregation sets
-- ARGV 1 prefix of task keys  2 prefix of group keys  3.. ids   Returns those ids
local taskPrefix, groupPrefix, sets = ARGV[1], ARGV[2], KEYS[8]
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
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
`;

export const workLua = `-- Settles tasks of one queue under their leases, then leases waiting ones, in one step.
-- KEYS 1 pending  2 active  3 lease  4 archived  5 paused  6 mark that refuses this server's claims  7 processed today
--      8 processed  9 policy of the queue; where a settlement is no plain one:
--      10 scheduled  11 retry  12 completed  13 exact due moments  14 failed today  15 failed
-- ARGV 1 prefix of task keys  2 now in s  3 end of life of day counters in s
--      4 settlements, MessagePack: their ids as a list, their tokens as a list, of one where it is the same for all; and
--        where one of them is more than done, for the first time and without a lock, for each: repeated (0 or 1), kind,
--        attempt line (or a list: that, progress or empty, number of the first log line, how many, the lines) and, by kind,
--        1 done: lock key            2 completed: lock key, message, kept until in s, result or false
--        3 retry: message, score in s, exact moment in ms, counted (1), survived (2), both (3) or neither (0)
--        4 archived: message         5 handed back: nothing
--      5 how many to lease  6 end of new leases in s  7 their token  8 handled types, MessagePack: {exact}, {prefixes},
--        or empty for all  9 the policy that the claimer's queue was declared with, or empty
--      10 queue  11 channel for "due sooner", both where there are all keys
-- Returns what was leased: id, message, exact times, pending since, attempts lost, for each. Where there is more to say:
--      1 that  2 positions (from 0) of settlements that were lost  3 unhandled types and how many  4 ids that have no body
--      5 whether the server was evicted (0 or 1)  6 ids under whose key lies something that is no task: they are archived,
--      and what lies there is left alone  7 why nothing may be taken though tasks wait: paused, held, or policy and the one
--      that the store has; else empty
local pending, active, lease, archived, paused, evicted = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local policy, scheduled, retry, completed, due = KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13]
local taskPrefix, nowSec, dayEnd = ARGV[1], ARGV[2], ARGV[3]
local leaseEnd, newToken, expected = ARGV[6], ARGV[7], ARGV[9]
local call, try = redis.call, redis.pcall
local lost, unhandled, ghosts, strangers = {}, {}, {}, {}
-- Tables are made with room for a small batch, so they do not grow step by step.
local leased = {
  nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
  nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
}

local function answer(isEvicted, closed)
  if #lost == 0 and #unhandled == 0 and #ghosts == 0 and #strangers == 0 and isEvicted == 0 and not closed then return leased end
  return { leased, lost, unhandled, ghosts, isEvicted, strangers, closed or '' }
end

-- Numbers go to Redis as text: Redis itself would write each one with seventeen digits.
local function digits(number)
  return string.format('%d', number)
end

-- Settling and claiming each read first. Then they write in an order in which everything before a refused command can be taken
-- back: the first command of a kind is the one that is refused. If no such order exists, \`check\` asks before. Commands that a
-- server without memory allows come first: it refuses nothing later, so workers go on and make room.

local function stop(refusal)
  error(redis.acl_check_cmd and { err = refusal.err } or refusal.err, 0)
end

local function isRefused(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

-- A key of another type concerns one task only. Any other refusal concerns all.
local function mustBeOtherType(refusal)
  if not string.find(refusal.err, 'WRONGTYPE', 1, true) then stop(refusal) end
end

local function check(list, sortedSets, ...)
-- What a script asks before it writes. A script that fails does not undo its writes. So between its first and its last write
-- it may call nothing that the server can refuse.

-- Ends the script with this error. Newer servers take its first word as the kind of the error.
local function fail(text)
  error(redis.acl_check_cmd and { err = text } or text, 0)
end

-- Whether the answer is a refusal.
local function isRefused(answer)
  return type(answer) == 'table' and answer.err ~= nil
end

-- Reads. Nil when the key holds another type. Every other refusal ends the script.
local function read(...)
  local answer = redis.pcall(...)
  if not isRefused(answer) then return answer end
  if string.find(answer.err, 'WRONGTYPE', 1, true) then return nil end
  return fail(answer.err)
end

-- Ends the script if one of the keys holds something that this command can't count.
local function mustHold(counting, what, ...)
  for _, key in ipairs({ ... }) do
    if read(counting, key) == nil then
      fail('WRONGTYPE the key ' .. key .. ' holds something that is no ' .. what .. ': remove it, or move it away')
    end
  end
end

local function mustBeLists(...) mustHold('LLEN', 'list', ...) end
local function mustBeSortedSets(...) mustHold('ZCARD', 'sorted set', ...) end
local function mustBeSets(...) mustHold('SCARD', 'set', ...) end

-- Tries a command on a key that never exists, for servers before Redis 7, which can't be asked.
local function tried(name, key)
  if name == 'DEL' or name == 'UNLINK' or name == 'EXISTS' or name == 'GET' or name == 'TTL' or name == 'PTTL'
    or name == 'LLEN' or name == 'ZCARD' or name == 'SCARD' or name == 'RPOP' then
    return redis.pcall(name, key)
  elseif name == 'SET' then
    return redis.pcall(name, key, '', 'XX')
  elseif name == 'ZADD' then
    return redis.pcall(name, key, 'XX', '0', '0')
  elseif name == 'ZUNIONSTORE' then
    return redis.pcall(name, key, '1', key)
  elseif name == 'ZRANGESTORE' then
    return redis.pcall(name, key, key, '0', '0')
  elseif name == 'RENAME' then
    return redis.pcall(name, key, key)
  elseif name == 'HDEL' or name == 'HGET' or name == 'HMGET' or name == 'HEXISTS' or name == 'SREM' or name == 'SADD'
    or name == 'ZREM' or name == 'ZSCORE' or name == 'LPUSH' or name == 'RPUSH' or name == 'LPOS' or name == 'LINDEX'
    or name == 'EXPIRE' or name == 'SRANDMEMBER' then
    return redis.pcall(name, key, '0')
  end
  return redis.pcall(name, key, '0', '0')
end

-- Ends the script if the server does not know one of the commands, or does not let this user run it. The question names a key
-- that never exists, beside the given one.
local function mustBeAble(beside, ...)
  local key = (string.match(beside, '^.-}:') or beside .. ':') .. 'none'
  local ask = redis.acl_check_cmd
  if ask then
    for _, name in ipairs({ ... }) do
      local isKnown, isAllowed = pcall(ask, name, key, key, key)
      if not isKnown then fail('ERR unknown command ' .. name .. ': nothing was written without it') end
      if not isAllowed then fail('NOPERM this user may not run ' .. name .. ': nothing was written without it') end
    end
    return
  end
  -- The first command removes what the others made.
  for _, name in ipairs({ 'DEL', ... }) do
    local answer = tried(name, key)
    local words = isRefused(answer) and string.lower(answer.err) or ''
    if string.find(words, "can't run", 1, true) or string.find(words, 'noperm', 1, true) or string.find(words, 'unknown', 1, true) then
      redis.pcall('DEL', key)
      fail('NOPERM this user may not run ' .. name .. ', or the server does not know it: nothing was written without it')
    end
  end
  redis.pcall('DEL', key)
end
  if list then mustBeLists(list) end
  mustBeSortedSets(unpack(sortedSets))
  mustBeAble(taskPrefix, ...)
end

-- Many leases that end or begin at once, in the script that every call of a worker runs. When a command is refused, the
-- functions return the refusal and have changed nothing (except \`endLeases\`). Uses the script's names \`active\`, \`lease\`,
-- \`taskPrefix\`, \`call\`, \`try\`, \`isRefused\` and \`digits\`.

-- Takes ids out of the list of active tasks. Mostly these were leased first, so they are the end of the list, in order. LREM
-- looks through the list once for each id. When a good part of the list leaves, it is cheaper to write the ids that stay. That
-- write comes first, so that nothing has been written yet if it is refused.
local function unlistActive(ids, number)
  local leaving, size
  if number > 2 then
    local last = call('LRANGE', active, digits(-number), '-1')
    local same = 0
    while same < number and last[number - same] == ids[same + 1] do same = same + 1 end
    local together = same
    if same < number then
      leaving, together = {}, 0
      for index = 1, number do leaving[ids[index]] = true end
      for _, id in ipairs(last) do
        -- Each id counts once: an id that somebody wrote twice does not stand for another one.
        if leaving[id] == true then leaving[id], together = 'met', together + 1 end
      end
    end
    if together == number then return try('LTRIM', active, '0', digits(-number - 1)) end
    size = call('LLEN', active)
  end
  if number <= 8 or size > number * 4 then
    for index = 1, number do
      -- From the end: the longer a task has run, the nearer to the end it is.
      local reply = try('LREM', active, '-1', ids[index])
      if isRefused(reply) then return reply end
    end
    return
  end
  local staying = {}
  for _, id in ipairs(call('LRANGE', active, '0', '-1')) do
    if not leaving[id] then staying[#staying + 1] = id end
  end
  for from = 1, #staying, 1000 do
    local reply = try('RPUSH', active, unpack(staying, from, math.min(from + 999, #staying)))
    if isRefused(reply) then return reply end
  end
  local reply = try('LTRIM', active, digits(size), '-1')
  if isRefused(reply) and #staying > 0 then try('RPOP', active, digits(#staying)) end
  return reply
end

-- Ends the leases of tasks that run no more, wherever they go next. With \`lastEnd\`, the end of the last lease, it first proves
-- that they can be put back. When a command is refused, it returns the refusal and whether something was changed;
-- \`resume-leases\` undoes that.
local function endLeases(ids, number, lastEnd)
  local reply = unlistActive(ids, number)
  if isRefused(reply) then return reply, false end
  -- Writes the lease as it is, to prove that putting it back will not be refused.
  if lastEnd then reply = try('ZADD', lease, 'XX', lastEnd, ids[number]) end
  if not isRefused(reply) then reply = try('ZREM', lease, unpack(ids, 1, number)) end
  if isRefused(reply) then return reply, true end
end

-- Leases waiting tasks to one holder.
local function beginLeases(ids, number, leaseEnd, leaseValue)
  local reply
  -- A small sorted set is a flat list that every ZADD walks through twice. A member that is too long for the list makes Redis
  -- build the real structure. That stays when the member is gone. 100 running tasks then cost a fifth less work.
  if number > 16 and try('OBJECT', 'ENCODING', lease) ~= 'skiplist' then
    local long = string.rep('-', 80)
    -- The member does not exist: this only shows that it can be removed again.
    reply = try('ZREM', lease, long)
    if isRefused(reply) then return reply end
    reply = try('ZADD', lease, leaseEnd, long, leaseEnd, ids[1])
    try('ZREM', lease, long)
    if isRefused(reply) then return reply end
  end
  local leases = { nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil }
  for index = 1, number do leases[index * 2 - 1], leases[index * 2] = leaseEnd, ids[index] end
  reply = try('ZADD', lease, unpack(leases, 1, number * 2))
  if isRefused(reply) then return reply end
  reply = try('LPUSH', active, unpack(ids, 1, number))
  if not isRefused(reply) then
    reply = try('HSET', taskPrefix .. ids[1], 'state', 'active', 'hk:lease', leaseValue)
    if not isRefused(reply) then
      for index = 2, number do try('HSET', taskPrefix .. ids[index], 'state', 'active', 'hk:lease', leaseValue) end
      return nil
    end
    try('LTRIM', active, digits(number), '-1')
  end
  try('ZREM', lease, unpack(ids, 1, number))
  return reply
end
-- How tasks leave the line of a queue: see \`line\`. Uses the script's name \`pending\`.

-- The next \`size\` tasks leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, all for 0. Returns how many there were.
-- With \`redis.pcall\` as \`call\` it returns the refusal, if there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end

-- Puts ids in line. Most calls never do, and need none of the functions for it. \`stay\`: the ids were only looked at.
local function putInLine(how, ids, size, refusable)
-- How tasks join the line of a queue. Only this, \`leave-line\` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name \`pending\`.

-- The fields of a task's hash while it waits in line.
local function waitsSince(momentNs)
  return 'state', 'pending', 'pending_since', momentNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With \`redis.pcall\` as \`call\`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. \`call\` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- Tasks that were taken out only to be looked at never left the line: they return to the front, or go behind all others.
local stayFront, stayBack = joinFront, joinBack

-- Takes out the last ids of the line, which this script has put there.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
  if how == 'join front' then return joinFront(ids, size, refusable) end
  if how == 'stay front' then return stayFront(ids, size, refusable) end
  return stayBack(ids, size, refusable)
end

if ARGV[4] ~= '' then
  local settlements = cmsgpack.unpack(ARGV[4])
  local ids, tokens = settlements[1], settlements[2]
  local number, theirToken, isPlain, at = #ids, #tokens == 1 and tokens[1], settlements[3] == nil, 3
  local allEnds = call('ZMSCORE', lease, unpack(ids))
  local settledIds, settled = { nil, nil, nil, nil, nil, nil, nil, nil }, 0
  local doneKeys, done = { nil, nil, nil, nil, nil, nil, nil, nil }, 0
  -- Settlements that are more than done, by place and by id; whether one is handed back; of how many kinds the others are.
  local acts, acted
  local handsBack, kinds, lastKind = false, 0, nil
  local processed, failed = 0, 0
  local earliest, latest, exactMoments = nil, nil, 0
  local lastToken, lastEnds, lastLease

  -- The lease is held only while it ends when the holder wrote that it ends. A Go worker that took the task since then left
  -- another end.
  if isPlain then
    for index = 1, number do
      local id, token, ends = ids[index], theirToken or tokens[index], allEnds[index]
      local key = taskPrefix .. id
      local held = try('HGET', key, 'hk:lease')
      if ends and (token ~= lastToken or ends ~= lastEnds) then
        lastToken, lastEnds, lastLease = token, ends, token .. ':' .. ends
      end
      if ends and held == lastLease then
        settled = settled + 1
        settledIds[settled], doneKeys[settled] = id, key
      else
        if isRefused(held) then mustBeOtherType(held) end
        lost[#lost + 1] = index - 1
      end
    end
    done, processed = settled, settled
  else
    -- How many values follow the first three of a settlement, by kind.
    local sizes = { 1, 4, 4, 1, 0 }
    for index = 1, number do
      local id, token, ends = ids[index], theirToken or tokens[index], allEnds[index]
      local repeated, kind, attempt = settlements[at], settlements[at + 1], settlements[at + 2]
      local key, from = taskPrefix .. id, at + 3
      local held = try('HGET', key, 'hk:lease')
      at = from + sizes[kind]
      if ends and (token ~= lastToken or ends ~= lastEnds) then
        lastToken, lastEnds, lastLease = token, ends, token .. ':' .. ends
      end
      if ends and held == lastLease and not (acted and acted[id]) then
        settled = settled + 1
        settledIds[settled] = id
        local lock = kind <= 2 and settlements[from] or ''
        if lock ~= '' then
          local owner = try('GET', lock)
          if owner == id then
            done = done + 1
            doneKeys[done] = lock
          elseif isRefused(owner) then
            mustBeOtherType(owner)
          end
        end
        if kind == 1 then
          done = done + 1
          doneKeys[done] = key
        else
          if not acts then acts, acted = {}, number > 1 and {} end
          acts[#acts + 1] = { id, key, kind, from, attempt, token, lastLease }
          if acted then acted[id] = true end
          if kind == 5 then
            handsBack = true
          elseif kind ~= lastKind then
            kinds, lastKind = kinds + 1, kind
          end
        end
        if kind <= 2 then
          processed = processed + 1
        elseif kind == 4 then
          processed, failed = processed + 1, failed + 1
        elseif kind == 3 then
          local score, moment = settlements[from + 1], settlements[from + 2]
          if earliest == nil or moment < earliest then earliest = moment end
          if moment < score * 1000 then
            exactMoments = exactMoments + 1
            if latest == nil or moment > latest then latest = moment end
          end
          if settlements[from + 3] % 2 == 1 then processed, failed = processed + 1, failed + 1 end
        end
      elseif repeated == 1 and (held == '=' .. token or (kind == 1 and call('EXISTS', key) == 0)) then
        -- An earlier call settled it, and its answer was lost.
      else
        if isRefused(held) then mustBeOtherType(held) end
        lost[#lost + 1] = index - 1
      end
    end
  end

  local before, beforeExact
  if acts then
    if earliest then
-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
      before, beforeExact = nextDue(due, scheduled, retry)
    end
    -- With one kind, the first settlement meets every possible refusal. With several, nothing may be refused after the first kind.
    if kinds > 1 then
      for _, key in ipairs({ completed, retry, archived }) do call('ZCARD', key) end
    end
    if done > 0 then call('DEL', taskPrefix) end
  end

  local reply
  if settled > 0 then
    local isChanged
    reply, isChanged = endLeases(settledIds, settled, acts and lastEnds)
    if reply and not isChanged then stop(reply) end
  end
  if acts and not reply then
-- The newest lines of a task's attempt history, with one more line. Nil when there is no line to add.
local function attemptsWith(key, line)
  if line == '' then return nil end
  local lines = redis.call('HGET', key, 'hk:attempts')
  if lines then
    line = lines .. '\\n' .. line
    local _, breaks = string.gsub(line, '\\n', '')
    while breaks >= 20 do
      line = string.sub(line, string.find(line, '\\n', 1, true) + 1)
      breaks = breaks - 1
    end
    -- Only the newest keep their stack, which is the end of a line.
    if breaks >= 5 and string.find(line, ',"stack":"', 1, true) then
      local ends = 0
      for _ = 5, breaks do ends = string.find(line, '\\n', ends + 1, true) end
      line = string.gsub(string.sub(line, 1, ends), ',"stack":"[^\\n]*', '}') .. string.sub(line, ends + 1)
    end
  end
  return line
end
    -- First the tasks that are handed back, since all of that can be taken back. The first task of each part proves the others.
    for pass = handsBack and 1 or 2, 2 do
      local proven = false
      for _, act in ipairs(acts) do
        local id, key, kind, from = act[1], act[2], act[3], act[4]
        if isRefused(reply) then break end
        if (kind == 5) == (pass == 1) then
          local fields = { 'hk:lease', '=' .. act[6], 'state', nil, nil, nil, nil, nil, nil, nil }
          local size, target, score, moment = 6, nil, nil, nil
          if kind == 5 then
            fields[4], size = 'pending', 4
            reply = putInLine('join front', { id }, 1, try)
          else
            fields[5] = 'msg'
            if kind == 2 then
              target, score = completed, settlements[from + 2]
              fields[4], fields[6] = 'completed', settlements[from + 1]
              if settlements[from + 3] then fields[7], fields[8], size = 'result', settlements[from + 3], 8 end
            elseif kind == 3 then
              target, score, moment = retry, settlements[from + 1], settlements[from + 2]
              fields[4], fields[6] = 'retry', settlements[from]
            else
              target, score = archived, nowSec
              fields[4], fields[6] = 'archived', settlements[from]
            end
            reply = try('HDEL', key, 'pending_since')
            if proven or not isRefused(reply) then reply = try('ZADD', target, score, id) end
            if moment and moment < score * 1000 and (proven or not isRefused(reply)) then reply = try('ZADD', due, moment, id) end
          end
          if proven or not isRefused(reply) then
            local report = type(act[5]) == 'table' and act[5]
            local attempts = attemptsWith(key, report and report[1] or act[5])
            if attempts then fields[size + 1], fields[size + 2], size = 'hk:attempts', attempts, size + 2 end
            if report then
-- What a handler said of its task, as fields of the task's hash. See \`kept-log.ts\` for what is stored.

-- The log of a task with more lines of the hold that the token names. \`lines\` is one text in which each line ends with a line
-- break, \`count\` how many they are, \`from\` the number of the first one. Nil when all of them are there already. Long texts are
-- searched for line breaks only where lines are dropped: Lua is slow at everything else.
local function logWith(key, token, from, count, lines)
  local stored = redis.call('HGET', key, 'hk:log') or ''
  local begins = string.find(stored, '\\n', 1, true) or 0
  local dropped, number, last, teller = string.match(string.sub(stored, 1, begins), '^(%d+) (%d+) (%d+) ([^\\n]*)\\n$')
  local isSound = dropped and (begins == #stored or string.byte(stored, -1) == 10)
  dropped, number = tonumber(isSound and dropped or 0), tonumber(isSound and number or 0)
  local written = isSound and teller == token and tonumber(last) or 0
  local skipped = math.max(0, written + 1 - from)
  if skipped >= count then return nil end
  local first = 1
  for _ = 1, skipped do first = string.find(lines, '\\n', first, true) + 1 end
  if first > 1 then lines = string.sub(lines, first) end
  local missing, fresh = from - written - 1, count - skipped
  local kept = lines
  if missing > 0 or fresh >= 200 then
    -- What is kept has no gaps, so that the number of dropped lines says which ones are missing.
    dropped, number = dropped + number + math.max(0, missing), fresh
  else
    kept, number = string.sub(stored, isSound and begins + 1 or #stored + 1) .. lines, number + fresh
  end
  first = 1
  while number > 200 or #kept - first + 1 > 65536 do
    local ends = string.find(kept, '\\n', first, true)
    if not ends then break end
    first, number, dropped = ends + 1, number - 1, dropped + 1
  end
  return string.format('%.0f %.0f %.0f %s\\n', dropped, number, from + count - 1, token) .. string.sub(kept, first)
end

-- Adds names and values of the fields to write to the list, and returns its new size.
local function addReport(fields, size, key, token, progress, from, count, lines)
  if progress ~= '' then fields[size + 1], fields[size + 2], size = 'hk:progress', progress, size + 2 end
  local log = count > 0 and logWith(key, token, from, count, lines)
  if log then fields[size + 1], fields[size + 2], size = 'hk:log', log, size + 2 end
  return size
end
              size = addReport(fields, size, key, act[6], report[2], tonumber(report[3]), tonumber(report[4]), report[5])
            end
            reply = try('HSET', key, unpack(fields, 1, size))
            if kind == 3 and settlements[from + 3] >= 2 and (proven or not isRefused(reply)) then call('HDEL', key, 'hk:lost') end
          end
          if not proven and isRefused(reply) and kind ~= 5 then
            try('ZREM', target, id)
            if kind == 3 then try('ZREM', due, id) end
          end
          proven = true
        end
      end
    end
  end
  if done > 0 and not isRefused(reply) then reply = try('DEL', unpack(doneKeys, 1, done)) end
  if isRefused(reply) then
-- Undoes \`endLeases\` of \`leases\`, with its names.

-- Puts leases back with their old ends. Other ids among \`allIds\` are still in the set, so this changes nothing for them.
local function resumeLeases(ids, number, allIds, allEnds)
  for index = 1, #allIds do
    if allEnds[index] then try('ZADD', lease, allEnds[index], allIds[index]) end
  end
  local back = {}
  for index = 1, number do back[index] = ids[number + 1 - index] end
  -- The order of the active tasks has no meaning.
  if isRefused(try('RPUSH', active, unpack(back))) then try('LPUSH', active, unpack(ids, 1, number)) end
end

-- Writes the holder of a task whose lease was put back.
local function holdAgain(key, leaseValue)
  try('HSET', key, 'state', 'active', 'hk:lease', leaseValue)
end
    for _, act in ipairs(acts or {}) do
      if act[3] == 5 then
        leaveLine(act[1], '-1', try)
        holdAgain(act[2], act[7])
      end
    end
    resumeLeases(settledIds, settled, ids, allEnds)
    stop(reply)
  end
  if latest then
-- Keeps the exact moments from growing without end. Go's programs, which forward tasks too, know nothing of them. With each
-- \`added\` moment, it removes some that passed a minute ago and that no task waits for. The key itself ends a day or two after
-- its last moment. \`first\` is the first moment before the call. A refusal changes nothing.
local function keepDue(dueKey, scheduledKey, retryKey, tasks, nowSec, first, latest, added)
  local passedMs = nowSec * 1000 - 60000
  if first and first < passedMs then
    local passed = redis.pcall(
      'ZRANGEBYSCORE', dueKey, '-inf', string.format('%.0f', passedMs), 'WITHSCORES', 'LIMIT', 0, added + 16
    )
    for index = 1, #passed, 2 do
      local id, second = passed[index], math.ceil(tonumber(passed[index + 1]) / 1000)
      local waits = redis.pcall('ZSCORE', scheduledKey, id)
      if not waits then waits = redis.pcall('ZSCORE', retryKey, id) end
      local state = not waits and redis.pcall('HGET', tasks .. id, 'state')
      -- The moment of a waiting task that no list names is kept: only it tells when to run the task.
      local isLost = state == 'scheduled' or state == 'retry' or type(state) == 'table'
      if type(waits) == 'string' and tonumber(waits) ~= second or not waits and not isLost then
        redis.pcall('ZREM', dueKey, id)
      end
    end
  end
  local needed = math.ceil(latest / 1000) + 86400
  local left = redis.pcall('TTL', dueKey)
  if type(left) == 'number' and left < needed - nowSec then
    redis.pcall('EXPIRE', dueKey, string.format('%.0f', math.max(needed - nowSec, 0) + 86400))
  end
end
    keepDue(due, scheduled, retry, taskPrefix, tonumber(nowSec), beforeExact, latest, exactMoments)
  end
  -- A server that misses it comes only a little late.
  if earliest and (before == nil or earliest <= before) then
    try('PUBLISH', ARGV[11], string.format('%.0f ', earliest) .. ARGV[10])
  end
  if processed > 0 then
-- Adds to a counter. A counter that holds no number, or can't grow, starts again, as Asynq's does. The counted event has already
-- happened: a refusal must not undo it.
local function add(key, amount)
  local sum = redis.pcall('INCRBY', key, string.format('%d', amount))
  if type(sum) ~= 'table' then return sum end
  local isNoNumber = string.find(sum.err, 'WRONGTYPE', 1, true) or string.find(sum.err, 'integer', 1, true)
  if not isNoNumber and not string.find(sum.err, 'overflow', 1, true) then return nil end
  redis.pcall('SET', key, string.format('%d', amount))
  return amount
end

-- Adds to a day's counter and to the total. Only the first increment gives the day's counter its end of life.
local function count(dayKey, totalKey, amount, dayEnd)
  if amount == 0 then return end
  if add(dayKey, amount) == amount then redis.pcall('EXPIREAT', dayKey, dayEnd) end
  add(totalKey, amount)
end
    count(KEYS[7], KEYS[8], processed, dayEnd)
    if failed > 0 then count(KEYS[14], KEYS[15], failed, dayEnd) end
  end
end

if ARGV[5] == '0' then return answer(0) end
local limit, isInOrder = tonumber(ARGV[5]), false
-- One look for all marks, since they are nearly never there.
if call('EXISTS', paused, evicted, policy) > 0 or expected ~= '' then
  if call('EXISTS', paused, evicted) > 0 then
    local isEvicted = call('EXISTS', evicted)
    return answer(isEvicted, isEvicted == 0 and call('LLEN', pending) > 0 and 'paused')
  end
  local stored = try('GET', policy)
  if isRefused(stored) then
    mustBeOtherType(stored)
    stored = 'of another type'
  end
  -- A claim alone gets only the keys that it mostly needs.
  retry = retry or string.sub(taskPrefix, 1, -3) .. 'retry'
-- What a claim may take from a queue by its policy, which the store keeps. A new kind of policy answers here.

-- Returns why nothing may be taken now, or nil, and whether only the next task may be taken. \`expected\` is the policy that the
-- claimer declared the queue with, or empty.
local function closedBy(stored, expected)
  local name = stored == '' and 'open' or stored
  if expected ~= '' and name ~= expected then return 'policy ' .. name end
  if stored == '' then return nil, false end
  local isStrict = stored == 'ordered:strict'
  -- A policy of a later version is not ignored: nobody here knows what it promises.
  if not isStrict and stored ~= 'ordered:loose' then return 'policy ' .. stored end
  if redis.call('LLEN', active) > 0 or redis.call('ZCARD', lease) > 0 then return 'held' end
  if isStrict and redis.call('ZCARD', retry) > 0 then return 'held' end
  return nil, true
end
  local closed
  closed, isInOrder = closedBy(stored or '', expected)
  if closed == 'held' and call('LLEN', pending) == 0 then return answer(0) end
  if closed then return answer(0, closed) end
  if isInOrder then limit = 1 end
end

local exact, prefixes
if ARGV[8] ~= '' then
  local handled = cmsgpack.unpack(ARGV[8])
  exact, prefixes = {}, handled[2]
  for _, name in ipairs(handled[1]) do exact[name] = true end
end

-- The type, which is the first field of the message, and where it ends. Nil when it is not the first field: then the worker
-- reads it.
local function typeOf(msg)
  if string.byte(msg, 1) ~= 10 then return nil end
  local length, offset = string.byte(msg, 2), 3
  if length == nil then return nil end
  if length >= 128 then
    local high = string.byte(msg, 3)
    if high == nil or high >= 128 then return nil end
    length, offset = length - 128 + high * 128, 4
  end
  return string.sub(msg, offset, offset + length - 1), offset + length - 1
end

local function handles(name)
  if name == nil or exact[name] then return true end
  for _, prefix in ipairs(prefixes) do
    if string.sub(name, 1, #prefix) == prefix then return true end
  end
  return false
end

-- The beginning of the last message that may run. Tasks that wait in a row are mostly of one type.
local begins, beginsTo = nil, 0

local function mayRun(msg)
  if not exact or string.sub(msg, 1, beginsTo) == begins then return true end
  local name, ends = typeOf(msg)
  if not handles(name) then return false, name end
  if ends then begins, beginsTo = string.sub(msg, 1, ends), ends end
  return true
end

local leaseValue = newToken .. ':' .. leaseEnd
local taken, unhandledCount, left = { nil, nil, nil, nil, nil, nil, nil, nil }, {}, {}
-- Sizes are counted, because \`#\` searches for the end of a list each time.
local takenCount, leasedSize, seen, looks = 0, 0, 0, {}

-- Looks at the next \`window\` ids, at the end of the list, in running order. Sorts them into those to take and those that
-- stay. Returns how many there were.
local function look(window)
  local ids = call('LRANGE', pending, digits(-seen - window), digits(-seen - 1))
  looks[#looks + 1] = ids
  for index = #ids, 1, -1 do
    local id = ids[index]
    if takenCount >= limit then
      left[#left + 1] = id
    else
      local key = taskPrefix .. id
      local found = try('HMGET', key, 'msg', 'hk:exact', 'pending_since', 'hk:lost')
      local msg = found[1]
      if found.err then
        mustBeOtherType(found)
        strangers[#strangers + 1] = id
      elseif not msg then
        ghosts[#ghosts + 1] = id
      else
        local may, name = mayRun(msg)
        if not may then
          left[#left + 1] = id
          unhandledCount[name] = (unhandledCount[name] or 0) + 1
        else
          takenCount = takenCount + 1
          taken[takenCount] = id
          leased[leasedSize + 1], leased[leasedSize + 2], leased[leasedSize + 3] = id, msg, found[2]
          leased[leasedSize + 4], leased[leasedSize + 5] = found[3], found[4]
          leasedSize = leasedSize + 5
        end
      end
    end
  end
  seen = seen + #ids
  return #ids
end

local isFruitless = false
local first = look(limit)
if isInOrder then
  -- Only ids without a task may be passed over.
  for _ = 1, 100 do
    if takenCount > 0 or #left > 0 or first == 0 then break end
    first = look(1)
  end
-- Ids that can't be taken, because the handler or the task is missing, must not hide the ids behind them.
elseif (#left > 0 or #ghosts > 0 or #strangers > 0) and takenCount < limit then
  -- Nothing to run among so many ids. They go behind the others, so that the others get their turn.
  isFruitless = look(1000) == 1000 and takenCount == 0
end

local leaves = takenCount > 0 or #ghosts > 0 or #strangers > 0 or isFruitless
if leaves and #left + #ghosts + #strangers > 0 then
  check(nil, { #strangers > 0 and archived or nil }, isFruitless and 'LPUSH' or 'RPUSH', 'DEL', 'ZADD')
end
if leaves then leaveFront(seen) end
if takenCount > 0 then
  local refusal = beginLeases(taken, takenCount, leaseEnd, leaseValue)
  if refusal then
    local looked = {}
    for _, ids in ipairs(looks) do
      for index = #ids, 1, -1 do looked[#looked + 1] = ids[index] end
    end
    putInLine('stay front', looked, #looked, try)
    stop(refusal)
  end
end
if leaves and #left > 0 then
  putInLine(isFruitless and 'stay back' or 'stay front', left, #left)
end
for _, id in ipairs(ghosts) do call('DEL', taskPrefix .. id) end
for _, id in ipairs(strangers) do call('ZADD', archived, nowSec, id) end
for name, number in pairs(unhandledCount) do
  unhandled[#unhandled + 1] = name
  unhandled[#unhandled + 1] = number
end
return answer(0)
`;

export const writeResultLua = `-- Keeps bytes as the result of a task that the caller holds.
-- KEYS 1 lease  2 task   ARGV 1 id  2 token  3 result   Returns 1, or 0 when the lease was lost
-- The token that the field names. False when the set holds another end than the holder wrote: Go's programs leave it so.
local function tokenIn(held, ends)
  return held and ends and string.sub(held, -#ends - 1) == ':' .. ends and string.sub(held, 1, -#ends - 2)
end

-- The end of the lease by which the token holds the task. False when it does not hold the task.
local function endHeldBy(leaseKey, key, id, token)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and redis.pcall('HGET', key, 'hk:lease') == token .. ':' .. ends and ends
end

-- Whether a worker may hold the task: its lease runs, or ended less than the margin of clocks ago.
local function isHeld(leaseKey, id, over)
  local ends = redis.call('ZSCORE', leaseKey, id)
  return ends and tonumber(ends) > over
end

-- The score of an id. False also when the key is no sorted set.
local function scoreIn(key, id)
  local score = redis.pcall('ZSCORE', key, id)
  return type(score) == 'string' and score
end

-- Whether the task is in one of the sets that are being aggregated. It is not in its group. When there are too many sets to look
-- through, it counts as being in one.
local function isTaken(setsKey, groupPrefix, id)
  local sets = redis.call('ZRANGE', setsKey, 0, 100)
  if #sets > 100 then return true end
  for _, set in ipairs(sets) do
    if string.sub(set, 1, #groupPrefix) == groupPrefix and scoreIn(set, id) then return true end
  end
  return false
end
if not endHeldBy(KEYS[1], KEYS[2], ARGV[1], ARGV[2]) then return 0 end
redis.call('HSET', KEYS[2], 'result', ARGV[3])
return 1
`;
