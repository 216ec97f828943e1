-- The newest lines of a task's attempt history, with one more line. Nil when there is no line to add.
local function attemptsWith(key, line)
  if line == '' then return nil end
  local lines = redis.call('HGET', key, 'hk:attempts')
  if lines then
    line = lines .. '\n' .. line
    local _, breaks = string.gsub(line, '\n', '')
    while breaks >= LIMITS.attemptsKept do
      line = string.sub(line, string.find(line, '\n', 1, true) + 1)
      breaks = breaks - 1
    end
  end
  return line
end
