-- Adds to a day's counter and to the total. The day's counter gets its end of life with the first increment only; a
-- total that can't grow any more starts again, as Asynq's does.
local function count(dayKey, totalKey, amount, dayEnd)
  if amount == 0 then return end
  local today = redis.pcall('INCRBY', dayKey, string.format('%d', amount))
  if type(today) == 'table' then
    -- It held no number: what was done counts all the same, and is done already.
    redis.call('SET', dayKey, amount)
    today = amount
  end
  if today == amount then redis.call('EXPIREAT', dayKey, dayEnd) end
  local grown = redis.pcall('INCRBY', totalKey, string.format('%d', amount))
  if type(grown) == 'table' and grown.err then redis.call('SET', totalKey, amount) end
end
