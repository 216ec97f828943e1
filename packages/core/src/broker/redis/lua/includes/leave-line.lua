-- How tasks leave the line of a queue: see `line`. Uses the script's name `pending`.

-- The next `size` tasks leave the line.
local function leaveFront(size)
  redis.call('LTRIM', pending, '0', string.format('%d', -size - 1))
end

-- A task leaves the line: so many of its entries from the back, below 0 from the front, all for 0. Returns how many there were.
-- With `redis.pcall` as `call` it returns the refusal, if there is one.
local function leaveLine(id, entries, call)
  return (call or redis.call)('LREM', pending, entries, id)
end
