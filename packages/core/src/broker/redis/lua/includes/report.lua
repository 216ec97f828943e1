-- What a handler said of its task, as fields of the task's hash. See `kept-log.ts` for what is stored.

-- The log of a task with more lines of the hold that the token names. `lines` is a list, `from` the number of its first line.
-- Nil when all of them are there already.
local function logWith(key, token, from, lines)
  local stored = redis.call('HGET', key, 'hk:log') or ''
  local dropped, last, teller, kept = string.match(stored, '^(%d+) (%d+) ([^\n]*)\n(.*)$')
  dropped, kept = tonumber(dropped or 0), kept or ''
  if kept ~= '' and string.byte(kept, -1) ~= 10 then kept = string.match(kept, '^.*\n') or '' end
  local written = teller == token and tonumber(last) or 0
  local skipped = math.max(0, written + 1 - from)
  if skipped >= #lines then return nil end
  local _, number = string.gsub(kept, '\n', '')
  local missing = from - written - 1
  -- What is kept has no gaps, so that the number of dropped lines says which ones are missing.
  if missing > 0 then dropped, kept, number = dropped + number + missing, '', 0 end
  kept = kept .. table.concat(lines, '\n', skipped + 1) .. '\n'
  number = number + #lines - skipped
  local first = 1
  while number > LIMITS.logLinesKept or #kept - first + 1 > LIMITS.logBytesKept do
    first = string.find(kept, '\n', first, true) + 1
    number, dropped = number - 1, dropped + 1
  end
  return string.format('%.0f %.0f %s\n', dropped, from + #lines - 1, token) .. string.sub(kept, first)
end

-- Adds names and values of the fields to write to the list, and returns its new size.
local function addReport(fields, size, key, token, progress, from, lines)
  if progress ~= '' then fields[size + 1], fields[size + 2], size = 'hk:progress', progress, size + 2 end
  local log = #lines > 0 and logWith(key, token, from, lines)
  if log then fields[size + 1], fields[size + 2], size = 'hk:log', log, size + 2 end
  return size
end
