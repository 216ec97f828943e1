-- Appends one line to the attempt history of a task and keeps the newest 20.
local function addAttempt(key, line)
  if line == '' then return end
  local lines = redis.call('HGET', key, 'hk:attempts')
  if lines then
    line = lines .. '\n' .. line
    local _, breaks = string.gsub(line, '\n', '')
    while breaks >= 20 do
      line = string.sub(line, string.find(line, '\n', 1, true) + 1)
      breaks = breaks - 1
    end
  end
  redis.call('HSET', key, 'hk:attempts', line)
end
