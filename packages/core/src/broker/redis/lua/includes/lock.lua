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
