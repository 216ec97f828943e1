-- Keeps the exact moments from growing without end. Go's programs, which forward tasks too, know nothing of them. With each
-- `added` moment, it removes some that passed a minute ago and that no task waits for. The key itself ends a day or two after
-- its last moment. `first` is the first moment before the call. A refusal changes nothing.
local function keepDue(dueKey, scheduledKey, retryKey, tasks, nowSec, first, latest, added)
  local passedMs = nowSec * 1000 - 60000
  if first and first < passedMs then
    local passed = redis.pcall(
      'ZRANGEBYSCORE', dueKey, '-inf', string.format('%.0f', passedMs), 'WITHSCORES', 'LIMIT', 0, added + 16
    )
    for index = 1, #passed, 2 do
      local id, second = passed[index], math.ceil(tonumber(passed[index + 1]) / 1000)
      local waits = redis.pcall('ZSCORE', scheduledKey, id)
      if not waits then waits = redis.pcall('ZSCORE', retryKey, id) end
      local state = not waits and redis.pcall('HGET', tasks .. id, 'state')
      -- The moment of a waiting task that no list names is kept: only it tells when to run the task.
      local isLost = state == 'scheduled' or state == 'retry' or type(state) == 'table'
      if type(waits) == 'string' and tonumber(waits) ~= second or not waits and not isLost then
        redis.pcall('ZREM', dueKey, id)
      end
    end
  end
  local needed = math.ceil(latest / 1000) + 86400
  local left = redis.pcall('TTL', dueKey)
  if type(left) == 'number' and left < needed - nowSec then
    redis.pcall('EXPIRE', dueKey, string.format('%.0f', math.max(needed - nowSec, 0) + 86400))
  end
end
