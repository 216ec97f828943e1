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
