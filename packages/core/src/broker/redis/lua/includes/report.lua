-- What a handler said of its task, as fields of the task's hash. See `kept-log.ts` for what is stored.

-- The log of a task with more lines of the hold that the token names. `lines` is one text in which each line ends with a line
-- break, `count` how many they are, `from` the number of the first one. Nil when all of them are there already. Long texts are
-- searched for line breaks only where lines are dropped: Lua is slow at everything else.
local function logWith(key, token, from, count, lines)
  local stored = redis.call('HGET', key, 'hk:log') or ''
  local begins = string.find(stored, '\n', 1, true) or 0
  local dropped, number, last, teller = string.match(string.sub(stored, 1, begins), '^(%d+) (%d+) (%d+) ([^\n]*)\n$')
  local isSound = dropped and (begins == #stored or string.byte(stored, -1) == 10)
  dropped, number = tonumber(isSound and dropped or 0), tonumber(isSound and number or 0)
  local written = isSound and teller == token and tonumber(last) or 0
  local skipped = math.max(0, written + 1 - from)
  if skipped >= count then return nil end
  local first = 1
  for _ = 1, skipped do first = string.find(lines, '\n', first, true) + 1 end
  if first > 1 then lines = string.sub(lines, first) end
  local missing, fresh = from - written - 1, count - skipped
  local kept = lines
  if missing > 0 or fresh >= LIMITS.logLinesKept then
    -- What is kept has no gaps, so that the number of dropped lines says which ones are missing.
    dropped, number = dropped + number + math.max(0, missing), fresh
  else
    kept, number = string.sub(stored, isSound and begins + 1 or #stored + 1) .. lines, number + fresh
  end
  first = 1
  while number > LIMITS.logLinesKept or #kept - first + 1 > LIMITS.logBytesKept do
    local ends = string.find(kept, '\n', first, true)
    if not ends then break end
    first, number, dropped = ends + 1, number - 1, dropped + 1
  end
  return string.format('%.0f %.0f %.0f %s\n', dropped, number, from + count - 1, token) .. string.sub(kept, first)
end

-- Adds names and values of the fields to write to the list, and returns its new size.
local function addReport(fields, size, key, token, progress, from, count, lines)
  if progress ~= '' then fields[size + 1], fields[size + 2], size = 'hk:progress', progress, size + 2 end
  local log = count > 0 and logWith(key, token, from, count, lines)
  if log then fields[size + 1], fields[size + 2], size = 'hk:log', log, size + 2 end
  return size
end
