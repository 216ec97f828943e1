-- The moments (milliseconds, or nil) of the first waiting task, and of the first task with an exact moment. Exact moments lie in
-- their own set. A score of the other sets is the whole second at or after the exact moment.
local function nextDue(dueKey, scheduledKey, retryKey)
  local exact = redis.call('ZRANGE', dueKey, 0, 0, 'WITHSCORES')
  local firstExact = exact[2] and tonumber(exact[2]) or nil
  local first = firstExact
  for _, key in ipairs({ scheduledKey, retryKey }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
    if head[2] then
      local moment = tonumber(head[2]) * 1000
      if first == nil or moment < first then first = moment end
    end
  end
  return first, firstExact
end
