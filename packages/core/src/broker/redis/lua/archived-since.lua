-- Returns the tasks that were archived lately, newest first. Looks at a bounded number of tasks and bytes.
-- KEYS 1 archived
-- ARGV 1 prefix of task keys  2 since (unix seconds)  3 most tasks  4 most bytes
-- Returns how many were archived since then, and for each of the newest its id, when, and its message or empty
local archived = KEYS[1]
local taskPrefix, since, most, mostBytes = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local total = redis.call('ZCOUNT', archived, since, '+inf')
local newest, bytes = {}, 0
local count = math.min(total, most)
if count > 0 then
  local found = redis.call('ZRANGE', archived, -count, -1, 'WITHSCORES')
  for index = #found - 1, 1, -2 do
    local msg = redis.pcall('HGET', taskPrefix .. found[index], 'msg')
    if type(msg) ~= 'string' then msg = '' end
    bytes = bytes + #msg
    newest[#newest + 1] = found[index]
    newest[#newest + 1] = found[index + 1]
    newest[#newest + 1] = msg
    if bytes >= mostBytes then break end
  end
end
return { total, newest }
