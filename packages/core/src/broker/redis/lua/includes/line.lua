-- How tasks join the line of a queue. Nothing else writes the list of those that wait, but `leave-line` and the transaction that
-- enqueues new tasks without a script. From the script's name `pending`; the end of that list runs next.

-- What the hash of a task says while it waits in line.
local function waitsSince(nowNs)
  return 'state', 'pending', 'pending_since', nowNs
end

-- Pushes ids a thousand at a time.
local function pushAll(call, command, ids, size)
  for from = 1, size, 1000 do
    local reply = call(command, pending, unpack(ids, from, math.min(from + 999, size)))
    if type(reply) == 'table' then return reply, from - 1 end
  end
end

-- Tasks join the line behind all that wait; the first one runs first. With `redis.pcall` as `call` it answers, where a push
-- is refused, with the refusal and how many have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line before all that wait; the first one runs first. `call` as above.
local function joinFront(ids, size, call)
  local back = {}
  for index = 1, size do back[index] = ids[size + 1 - index] end
  return pushAll(call or redis.call, 'RPUSH', back, size)
end

-- What was taken out to be looked at, and is not taken, has never left the line: it returns to the front, or goes behind all
-- others.
local stayFront, stayBack = joinFront, joinBack

-- Takes back ids that this script has put behind all others, the last of all that joined.
local function leaveBack(size)
  redis.pcall('LTRIM', pending, string.format('%d', size), '-1')
end
