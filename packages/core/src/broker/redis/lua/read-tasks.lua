-- Reads tasks whole.
-- KEYS 1 lease  2 exact due moments
-- ARGV 1 prefix of task keys  2 prefix of container keys  3.. ids
-- Returns for each id what `readTask` says
local lease, due = KEYS[1], KEYS[2]
local taskPrefix, containerPrefix = ARGV[1], ARGV[2]
--- @include "read-task"
local result = {}
for index = 3, #ARGV do
  result[index - 2] = readTask(taskPrefix .. ARGV[index], containerPrefix, lease, due, ARGV[index])
end
return result
