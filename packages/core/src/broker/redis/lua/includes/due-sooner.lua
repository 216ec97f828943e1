-- The moment (milliseconds) of the first task that waits, or nil. Exact moments lie in their own set; a score of the
-- other sets is the whole second at or after it.
local function nextDue(dueKey, scheduledKey, retryKey)
  local first
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  if exact[2] then first = tonumber(exact[2]) end
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first
end
