-- How tasks leave the line of a queue: see `line`. From the script's name `pending`.

-- Those that run next leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, or all for 0. Answers how many there
-- were. With
-- `redis.pcall` as `call` it answers with the refusal where there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end
