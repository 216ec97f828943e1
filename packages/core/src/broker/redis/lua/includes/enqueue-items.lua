-- Writes the items of ARGV[7] of the enqueue script, from the names that it gives to its arguments, and leaves what was not
-- accepted in `refused`.
local refused, ready, earliest = {}, {}, nil
local at, position, total = 1, 0, #items
while at <= total do
  local id, msg, flags = items[at], items[at + 1], items[at + 2]
  at = at + 3
  local key = taskPrefix .. id
  if flags == 0 then
    if redis.call('EXISTS', key) == 1 then
      refused[#refused + 1] = position
      refused[#refused + 1] = 0
    else
      redis.call('HSET', key, 'msg', msg, 'state', 'pending', 'pending_since', nowNs)
      ready[#ready + 1] = id
    end
  else
    local score, moment, group, lock, life, exact
    if flags % 2 >= 1 then score, moment, at = items[at], items[at + 1], at + 2 end
    if flags % 4 >= 2 then group, at = items[at], at + 1 end
    if flags % 8 >= 4 then lock, life, at = items[at], items[at + 1], at + 2 end
    if flags >= 8 then exact, at = items[at], at + 1 end
    local owner = false
    if redis.call('EXISTS', key) == 1 then
      owner = 0
    elseif group and not score and type(redis.pcall('ZCARD', groupPrefix .. group)) == 'table' then
      owner = 2
    elseif lock and not redis.call('SET', lock, id, 'NX', 'EX', life) then
      owner = redis.pcall('GET', lock)
      if type(owner) ~= 'string' then owner = 1 end
    end
    if owner then
      refused[#refused + 1] = position
      refused[#refused + 1] = owner
    else
      local fields = { 'msg', msg, 'state', 'pending' }
      if lock then fields[#fields + 1] = 'unique_key' fields[#fields + 1] = lock end
      if group then fields[#fields + 1] = 'group' fields[#fields + 1] = group end
      if exact then fields[#fields + 1] = 'hk:exact' fields[#fields + 1] = exact end
      if score then
        fields[4] = 'scheduled'
        if moment < score * 1000 then redis.call('ZADD', due, moment, id) end
        redis.call('ZADD', scheduled, score, id)
        -- The name must be there when the task is forwarded into its group by a Go program, which does not add it.
        if group then redis.call('SADD', groups, group) end
        if earliest == nil or moment < earliest then earliest = moment end
      elseif group then
        fields[4] = 'aggregating'
        redis.call('ZADD', groupPrefix .. group, nowSec, id)
        redis.call('SADD', groups, group)
      else
        fields[#fields + 1] = 'pending_since'
        fields[#fields + 1] = nowNs
        ready[#ready + 1] = id
      end
      redis.call('HSET', key, unpack(fields))
    end
  end
  -- Twice the same id in one call: the second one must find the first.
  position = position + 1
end
for from = 1, #ready, 1000 do
  redis.call('LPUSH', pending, unpack(ready, from, math.min(from + 999, #ready)))
end
if earliest and nextDue(due, scheduled, retry) == earliest then
  redis.call('PUBLISH', channel, string.format('%.0f ', earliest) .. queue)
end
