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
