-- Undoes `endLeases` of `leases`, with its names.

-- Puts leases back with their old ends. Other ids among `allIds` are still in the set, so this changes nothing for them.
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
