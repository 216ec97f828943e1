-- Undoes `endLeases` of `leases`, from its names.

-- Puts back leases as they ended before. Other ids among `allIds` are in the set as they were, so that this changes nothing of
-- them.
local function resumeLeases(ids, number, allIds, allEnds)
  for index = 1, #allIds do
    if allEnds[index] then try('ZADD', lease, allEnds[index], allIds[index]) end
  end
  local back = {}
  for index = 1, number do back[index] = ids[number + 1 - index] end
  -- Their order among those that run means nothing.
  if isRefused(try('RPUSH', active, unpack(back))) then try('LPUSH', active, unpack(ids, 1, number)) end
end

-- Says of a task whose lease was put back who holds it.
local function holdAgain(key, leaseValue)
  try('HSET', key, 'state', 'active', 'hk:lease', leaseValue)
end
