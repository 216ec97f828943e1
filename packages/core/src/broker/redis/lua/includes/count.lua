-- Adds to a counter. A counter that holds no number, or can't grow, starts again, as Asynq's does. The counted event has already
-- happened: a refusal must not undo it.
local function add(key, amount)
  local sum = redis.pcall('INCRBY', key, string.format('%d', amount))
  if type(sum) ~= 'table' then return sum end
  local isNoNumber = string.find(sum.err, 'WRONGTYPE', 1, true) or string.find(sum.err, 'integer', 1, true)
  if not isNoNumber and not string.find(sum.err, 'overflow', 1, true) then return nil end
  redis.pcall('SET', key, string.format('%d', amount))
  return amount
end

-- Adds to a day's counter and to the total. Only the first increment gives the day's counter its end of life.
local function count(dayKey, totalKey, amount, dayEnd)
  if amount == 0 then return end
  if add(dayKey, amount) == amount then redis.pcall('EXPIREAT', dayKey, dayEnd) end
  add(totalKey, amount)
end
