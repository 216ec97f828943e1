-- Keeps the exact moments as many as they are needed, also where no program of ours takes tasks to their queue: Go's know
-- nothing of them. With `added` new moments, some more go that have passed for a minute and that no task waits for, and the
-- key itself ends a day or two after its last moment. `first` is the first moment before that. A refusal changes nothing.
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
      -- The moment of a waiting task that no list names is kept: it is all that is known of when to run it.
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
