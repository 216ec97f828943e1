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
    -- Only the newest keep their stack, which is the end of a line.
    if breaks >= LIMITS.stacksKept and string.find(line, ',"stack":"', 1, true) then
      local ends = 0
      for _ = LIMITS.stacksKept, breaks do ends = string.find(line, '\n', ends + 1, true) end
      line = string.gsub(string.sub(line, 1, ends), ',"stack":"[^\n]*', '}') .. string.sub(line, ends + 1)
    end
  end
  return line
end
