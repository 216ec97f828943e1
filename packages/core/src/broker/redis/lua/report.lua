-- Keeps what handlers said of tasks that they hold.
-- KEYS 1 lease
-- ARGV 1 prefix of task keys
--      2 reports, MessagePack: id, token, progress or empty, number of the first line, how many lines, the lines, for each
-- Returns positions (from 0) of the tasks that the token does not hold
local lease, taskPrefix = KEYS[1], ARGV[1]
--- @include "holders"
--- @include "report"
local reports, lost = cmsgpack.unpack(ARGV[2]), {}
for at = 1, #reports, 6 do
  local id, token = reports[at], reports[at + 1]
  local key = taskPrefix .. id
  if endHeldBy(lease, key, id, token) then
    local fields = {}
    local size = addReport(fields, 0, key, token, reports[at + 2], reports[at + 3], reports[at + 4], reports[at + 5])
    if size > 0 then redis.call('HSET', key, unpack(fields, 1, size)) end
  else
    lost[#lost + 1] = (at - 1) / 6
  end
end
return lost
