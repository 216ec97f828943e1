-- Many leases that end or begin at once, in the script that every call of a worker runs. When a command is refused, the
-- functions return the refusal and have changed nothing (except `endLeases`). Uses the script's names `active`, `lease`,
-- `taskPrefix`, `call`, `try`, `isRefused` and `digits`.

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

-- Ends the leases of tasks that run no more, wherever they go next. With `lastEnd`, the end of the last lease, it first proves
-- that they can be put back. When a command is refused, it returns the refusal and whether something was changed;
-- `resume-leases` undoes that.
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
