-- How tasks join the line of a queue. Only this, `leave-line` and the transaction that enqueues new tasks without a script write
-- the list of pending tasks. The end of the list runs next. Uses the script's name `pending`.

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

-- Tasks join the line behind all that wait; the first one runs first. With `redis.pcall` as `call`, a refused push returns the
-- refusal and how many tasks have joined.
local function joinBack(ids, size, call)
  return pushAll(call or redis.call, 'LPUSH', ids, size)
end

-- Tasks join the line in front of all that wait; the first one runs first. `call` as above.
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
